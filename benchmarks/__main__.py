"""All benchmarks of speed that a person feels, one after the other: `python -m benchmarks [--quick]`.

The log and the checkpoints have their own: `python -m benchmarks.wal`, `python -m benchmarks.checkpoint`.
"""

import argparse

from benchmarks import latency, startup, throughput


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller files, fewer rounds")
    quick = ["--quick"] if parser.parse_args().quick else []
    for benchmark in (startup, latency, throughput):
        print(f"## {benchmark.__name__.rpartition('.')[2]}\n", flush=True)
        benchmark.main(quick)


if __name__ == "__main__":
    main()
