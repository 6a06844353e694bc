"""Run by Spark's own interpreter: the metrics of an export, over its tables, as JSON.

    python spark_metrics.py FOLDER METRIC... > {"dora": [row, ...], ...}

Each METRIC stands after those it reads. Knows nothing of this project but the folder.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pyspark.sql import SparkSession


def main(folder: Path, metrics: list[str]) -> None:
    """Make every table of the folder known, then the metrics, one by one."""
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    for file in (folder / "tables").glob("*.parquet"):
        if file.stem not in metrics:
            spark.read.parquet(str(file)).createOrReplaceTempView(file.stem)
    told = {}
    for name in metrics:
        text = (folder / "definitions" / "metrics" / f"{name}.sql").read_text()
        # Each is read by several that follow.
        rows = spark.sql(text).cache()
        rows.createOrReplaceTempView(name)
        told[name] = [json.loads(row) for row in rows.toJSON().collect()]
    spark.stop()
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
