"""A study on a Ray cluster whose machines share a file system.

    python ray_study.py PROGRAM STUDY --slices 24 --cores 8

PROGRAM: the training binary (target/release/run); STUDY: the folder of a study that was planned. Ray 2.
"""

import argparse
import subprocess

import ray


def main():
    words = argparse.ArgumentParser()
    words.add_argument("program")
    words.add_argument("study")
    words.add_argument("--slices", type=int, required=True)
    words.add_argument("--cores", type=int, default=1)
    words = words.parse_args()
    ray.init(address="auto")

    # A slice whose machine is lost, or that was asked to end, is begun again and goes on from its runs' checkpoints.
    @ray.remote(num_cpus=words.cores, max_retries=-1, retry_exceptions=[InterruptedError])
    def element(index):
        command = [words.program, "study", "run", words.study]
        command += ["--slice", f"{index}/{words.slices}", "--jobs", str(words.cores), "--threads", "1"]
        status = subprocess.run(command, stdin=subprocess.DEVNULL).returncode
        if status == 130:
            raise InterruptedError(f"slice {index} was asked to end")
        return status

    failed = [i for i, status in enumerate(ray.get([element.remote(i) for i in range(words.slices)])) if status]
    if failed:
        raise SystemExit(f"runs failed in slices {failed}; `study status` says why")


if __name__ == "__main__":
    main()
