"""Makes an answer again from verified entries, offline, by code of its own.

Needs DuckDB and Arrow: `pipeledger[recompute]`. Read it in this order:

    rows         a row of columns from each entry and event
    documents    the rows of what is too long for an event
    reading      entries through the chain: what is made a row was verified before
    pack         a folder of Parquet files as `pipeledger-server export parquet` writes it
    remote       the same from a ledger by its address
    definitions  the SQL and steps that make tables, and their digest
    steps        our own implementation of the steps
    sandbox      runs definitions where they reach nothing but the rows
    question     which rows an answer has, by what it says itself
    comparison   rows beside rows
    recompute    the verdict
"""
