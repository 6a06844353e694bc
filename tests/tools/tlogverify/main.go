// tlogverify checks a log with the packages that Go verifies its own checksum database with:
// sumdb/note for signatures, sumdb/tlog for trees, tiles and proofs. Nothing of Pipeledger is used.
//
//	tlogverify log FOLDER VKEY [WITNESS VKEY ...]      a tiled log (C2SP tlog-tiles), every entry
//	tlogverify proof FILE ENTRY VKEY [WITNESS ...]     a tlog-proof file and its entry
//	tlogverify grown OLD NEW HASHES VKEY [WITNESS ...] two checkpoints, base64 hashes line by line
//
// Exit status: 0 accepted, 1 refused (the reason is said).
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/ioutil"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height       = 8
	width        = 1 << height
	cosignature  = 4
	cosignedSize = 8 + ed25519.SignatureSize
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
	fmt.Println("accepted")
}

func run(words []string) error {
	if len(words) >= 3 && words[0] == "log" {
		return checkLog(words[1], words[2:])
	}
	if len(words) >= 4 && words[0] == "proof" {
		return checkProof(words[1], words[2], words[3:])
	}
	if len(words) >= 5 && words[0] == "grown" {
		return checkGrown(words[1], words[2], words[3], words[4:])
	}
	return errors.New("expected: log FOLDER VKEY | proof FILE ENTRY VKEY | grown OLD NEW HASHES VKEY")
}

// witness is a note.Verifier of timestamped cosignatures (C2SP tlog-cosignature, type 0x04),
// which sumdb/note does not know.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }

func (w *witness) Verify(text, signature []byte) bool {
	if len(signature) != cosignedSize {
		return false
	}
	time := binary.BigEndian.Uint64(signature)
	message := append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", time)), text...)
	return ed25519.Verify(w.key, message, signature[8:])
}

func verifierOf(vkey string) (note.Verifier, error) {
	fields := strings.SplitN(vkey, "+", 3)
	if len(fields) == 3 {
		raw, err := base64.StdEncoding.DecodeString(fields[2])
		if err == nil && len(raw) == 1+ed25519.PublicKeySize && raw[0] == cosignature {
			digest := sha256.Sum256(append([]byte(fields[0]+"\n"), raw...))
			hash := binary.BigEndian.Uint32(digest[:])
			if fields[1] != fmt.Sprintf("%08x", hash) {
				return nil, errors.New("the hash in a witness's key is not the key's")
			}
			return &witness{fields[0], hash, raw[1:]}, nil
		}
	}
	return note.NewVerifier(vkey)
}

// open gives the tree of a checkpoint that the log (the first key) and every witness signed.
func open(raw []byte, vkeys []string) (tlog.Tree, error) {
	var tree tlog.Tree
	var known []note.Verifier
	for _, vkey := range vkeys {
		verifier, err := verifierOf(vkey)
		if err != nil {
			return tree, err
		}
		known = append(known, verifier)
	}
	opened, err := note.Open(raw, note.VerifierList(known...))
	if err != nil {
		return tree, err
	}
	signed := make(map[string]bool)
	for _, one := range opened.Sigs {
		signed[fmt.Sprintf("%s+%08x", one.Name, one.Hash)] = true
	}
	for _, one := range known {
		if !signed[fmt.Sprintf("%s+%08x", one.Name(), one.KeyHash())] {
			return tree, fmt.Errorf("not signed by %s", one.Name())
		}
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != known[0].Name() {
		return tree, errors.New("not a checkpoint of this log")
	}
	tree.N, err = strconv.ParseInt(lines[1], 10, 64)
	if err != nil || tree.N < 0 || strconv.FormatInt(tree.N, 10) != lines[1] {
		return tree, errors.New("no tree size")
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

// files reads tiles for sumdb/tlog, which authenticates them against the root.
type files struct{ folder string }

func (f *files) Height() int                     { return height }
func (f *files) SaveTiles([]tlog.Tile, [][]byte) {}
func (f *files) path(tile tlog.Tile) (name string) { // tile/8/L/N as tile/L/N
	name = strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
	return filepath.Join(f.folder, strings.Replace(name, "tile/data/", "tile/entries/", 1))
}

// read gives a tile; for a partial one that is no more, the full one. whole says which.
func (f *files) read(tile tlog.Tile) (raw []byte, whole bool, err error) {
	raw, err = ioutil.ReadFile(f.path(tile))
	if os.IsNotExist(err) && tile.W < width {
		tile.W = width
		raw, err = ioutil.ReadFile(f.path(tile))
	}
	return raw, tile.W == width, err
}

func (f *files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		raw, whole, err := f.read(tile)
		if err != nil {
			return nil, err
		}
		if whole && tile.W < width {
			if len(raw) != width*tlog.HashSize {
				return nil, fmt.Errorf("%s: a full tile of %d bytes", tile.Path(), len(raw))
			}
			raw = raw[:tile.W*tlog.HashSize]
		}
		data = append(data, raw)
	}
	return data, nil
}

// checkLog makes the whole tree anew from the entries, and compares root and tiles with it.
//
// tlog.TileHashReader alone is not enough: before x/mod 0.40 it lets some tiles pass without
// comparing them with the tiles above (CVE-2026-56865), and Debian 12 has 0.7.
func checkLog(folder string, vkeys []string) error {
	raw, err := ioutil.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := open(raw, vkeys)
	if err != nil {
		return err
	}
	source := &files{folder}
	root, err := tlog.TreeHash(tree.N, tlog.TileHashReader(tree, source))
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return errors.New("the tiles have another root than was signed")
	}
	var stored []tlog.Hash
	hashes := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, stored[index])
		}
		return found, nil
	})
	for first := int64(0); first < tree.N; first += width {
		count := tree.N - first
		if count > width {
			count = width
		}
		entries, err := source.bundle(first/width, int(count))
		if err != nil {
			return err
		}
		for at, entry := range entries {
			more, err := tlog.StoredHashes(first+int64(at), entry, hashes)
			if err != nil {
				return err
			}
			stored = append(stored, more...)
		}
		if err := source.check(tlog.Tile{H: height, L: 0, N: first / width, W: int(count)}, hashes); err != nil {
			return err
		}
	}
	if root, err = tlog.TreeHash(tree.N, hashes); err != nil {
		return err
	}
	if root != tree.Hash {
		return errors.New("the entries have another root than was signed")
	}
	for level := 1; tree.N>>uint(height*level) > 0; level++ {
		for first := int64(0); first < tree.N>>uint(height*level); first += width {
			count := tree.N>>uint(height*level) - first
			if count > width {
				count = width
			}
			tile := tlog.Tile{H: height, L: level, N: first / width, W: int(count)}
			if err := source.check(tile, hashes); err != nil {
				return err
			}
		}
	}
	return nil
}

// check compares a tile with the one that the entries make.
func (f *files) check(tile tlog.Tile, hashes tlog.HashReader) error {
	made, err := tlog.ReadTileData(tile, hashes)
	if err != nil {
		return err
	}
	read, err := f.ReadTiles([]tlog.Tile{tile})
	if err != nil {
		return err
	}
	if !bytes.Equal(made, read[0]) {
		return fmt.Errorf("%s is not the tile of the entries", tile.Path())
	}
	return nil
}

func (f *files) bundle(number int64, count int) ([][]byte, error) {
	tile := tlog.Tile{H: height, L: -1, N: number, W: count}
	raw, whole, err := f.read(tile)
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(raw) > 0 {
		if len(raw) < 2 || len(raw)-2 < int(binary.BigEndian.Uint16(raw)) {
			return nil, fmt.Errorf("%s: cut off", tile.Path())
		}
		end := 2 + int(binary.BigEndian.Uint16(raw))
		entries = append(entries, raw[2:end])
		raw = raw[end:]
	}
	expected := count
	if whole {
		expected = width
	}
	if len(entries) != expected {
		return nil, fmt.Errorf("%s: %d entries", tile.Path(), len(entries))
	}
	return entries[:count], nil
}

func checkProof(file, entry string, vkeys []string) error {
	raw, err := ioutil.ReadFile(file)
	if err != nil {
		return err
	}
	body, err := ioutil.ReadFile(entry)
	if err != nil {
		return err
	}
	at := bytes.Index(raw, []byte("\n\n"))
	if at < 0 {
		return errors.New("no blank line")
	}
	tree, err := open(raw[at+2:], vkeys)
	if err != nil {
		return err
	}
	lines := strings.Split(string(raw[:at]), "\n")
	if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
		return errors.New("not a proof file")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	proof, err := parseHashes(lines[2:])
	if err != nil {
		return err
	}
	if index < 0 || index >= tree.N {
		return errors.New("no such index in the tree")
	}
	return tlog.CheckRecord(tlog.RecordProof(proof), tree.N, tree.Hash, index, tlog.RecordHash(body))
}

func checkGrown(older, newer, hashes string, vkeys []string) error {
	var trees []tlog.Tree
	for _, file := range []string{older, newer} {
		raw, err := ioutil.ReadFile(file)
		if err != nil {
			return err
		}
		tree, err := open(raw, vkeys)
		if err != nil {
			return err
		}
		trees = append(trees, tree)
	}
	raw, err := ioutil.ReadFile(hashes)
	if err != nil {
		return err
	}
	proof, err := parseHashes(strings.Fields(string(raw)))
	if err != nil {
		return err
	}
	if trees[0].N < 1 || trees[0].N > trees[1].N {
		return errors.New("the log has become shorter")
	}
	return tlog.CheckTree(tlog.TreeProof(proof), trees[1].N, trees[1].Hash, trees[0].N, trees[0].Hash)
}

func parseHashes(lines []string) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		found = append(found, hash)
	}
	return found, nil
}
