"""The facts and the rules: vocabulary, entries, chain, tree, proofs. No I/O, no clock."""
