"""The verifier: checks a ledger offline, written from the format and from nothing of the server.

Read it in this order; each module only knows those above it.

    shown      what people may be shown of it
    wire       numbers, base64, JSON: one value, one spelling
    key        trusted public keys
    note       signed notes and checkpoints
    witness    who else saw a checkpoint: cosignatures, trust policies
    tree       the Merkle tree: leaves, roots, inclusion proofs
    entry      the two lines of an entry
    part       commitments to an entry's parts
    trust      which keys are believed for which ledger
    seen       what was seen before: truncation, rollback, fork
    broken     a link that does not fit: which entry was altered
    stretch    what another process says of entries that are good
    chain      a run of entries: links, numbers, signatures, tree; the first bad position
    proof      proof files, and entries with their proof and parts
    lines      entries as exported: one JSON object a line
    answer     what an answer about the past states of its ledger
    tiles      hash tiles, made again from the leaves
    apart      processes that check stretches of a log ahead
    folder     folders: exports and tiled logs
    stream     all events of a stream, none left out
    evidence   any file or folder: what it is, and the verdict on it
"""
