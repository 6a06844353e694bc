"""The log itself: entry bytes, hash chain, Merkle tree, signatures, notes and proofs; pure.

In the order an entry takes:

* `names`, `part`, `context`: what is said of an event, and commitments in place of its bytes;
* `dsse`, `key`, `emitter`: what is signed, and with which keys;
* `entry`: the two lines, the chain;
* `tree`: the Merkle tree over the leaf hashes, its proofs;
* `note`, `checkpoint`, `proof`: what strangers' tools read (C2SP formats, unchanged);
* `wire`: numbers, base64 and hexadecimal digits of all these lines, read strictly.
"""
