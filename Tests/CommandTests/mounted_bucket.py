"""Serves a bucket (moto), mounts it (s3fs), and lets resequel sync it.

Arguments: the program, a sample's directory, a directory to work in. Prints what was seen, one
`name=value` a line; the test that calls it judges.
"""

import os
import random
import subprocess
import sys

import boto3
from moto.server import ThreadedMotoServer

program, sample, work = sys.argv[1:]
mount = os.path.join(work, "mount")
database = os.path.join(work, "drop.db")
flags = open(os.path.join(sample, "flags")).read().split()
os.mkdir(mount)
passwords = os.path.join(work, "passwd")
with open(os.open(passwords, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
    file.write("key:secret")

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
url = f"http://{host}:{port}"
client = boto3.client(
    "s3", endpoint_url=url, region_name="us-east-1",
    aws_access_key_id="key", aws_secret_access_key="secret")
client.create_bucket(Bucket="drop")


def run(*arguments):
    done = subprocess.run([program, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


try:
    subprocess.run(
        ["s3fs", "drop", mount, "-o", f"url={url}", "-o", "use_path_request_style",
         "-o", f"passwd_file={passwords}", "-o", "stat_cache_expire=0"], check=True)
    try:
        sync = ["sync", mount, "--db", database, "--once", "--settle", "0", *flags]
        names = os.listdir(os.path.join(sample, "drop"))
        random.Random(7).shuffle(names)
        statuses = []
        for name in names:
            client.upload_file(os.path.join(sample, "drop", name), "drop", name)
            statuses.append(run(*sync)[0])
        print("sync=" + ",".join(map(str, statuses)))
        for table in sorted(os.listdir(os.path.join(sample, "expected"))):
            with open(os.path.join(sample, "expected", table)) as file:
                expected = file.read()
            rows = run("inspect", database, table.removesuffix(".jsonl"), "--format", "json")[1]
            print(f"{table}={rows == expected}")
        status, _, talk = run("replay", mount, "--db", os.path.join(mount, "x.db"), *flags)
        print(f"database on the mount={status} {'fuse' in talk}")
    finally:
        subprocess.run(["umount", mount], check=True)
    status, _, talk = run(*sync)
    print(f"unmounted={status} {'unmounted' in talk}")
finally:
    server.stop()
