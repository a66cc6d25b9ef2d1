"""`make bench`: what a turn costs against a bare Flask and Redis floor measured in the same run."""

from __future__ import annotations

from benchmarks import callback

if __name__ == "__main__":
    callback.main()
