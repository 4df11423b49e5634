"""AWS KMS, as moto's server plays it, with its IAM deciding who may do what; asked by the real boto3."""

import http.client
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from tests.harness.environment import clean_environment
from tests.harness.postgresql import free_port
from tests.vault.keys.providers.service import end, wait_until

REGION = "eu-central-1"


class Kms:
    """`with Kms(folder) as kms:`: a server with two keys, and a user who may encrypt and decrypt, nothing else."""

    name = "aws-kms"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.endpoint = f"http://127.0.0.1:{free_port()}"

    def __enter__(self) -> Self:
        with (self._folder / "kms.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", self.endpoint.rpartition(":")[2]],
                env=clean_environment(), stdout=log, stderr=log,
            )  # fmt: skip
        self._everybody = self._client("kms")
        wait_until(self._answers, why="moto's server does not start")
        self.keys = [self._everybody.create_key()["KeyMetadata"]["Arn"] for _ in range(2)]
        self._iam = self._client("iam")
        self._iam.create_user(UserName="holdfast")
        made = self._iam.create_access_key(UserName="holdfast")["AccessKey"]
        self._credentials = {"AWS_ACCESS_KEY_ID": made["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"]}
        self.grant()
        return self

    def __exit__(self, *_: object) -> None:
        end(self._process)

    def settings(self) -> dict[str, str]:
        """As ``Service.settings``. The region is the one of the key's ARN."""
        return {"AWS_KMS_KEY_ID": self.keys[0], "AWS_KMS_ENDPOINT": self.endpoint, **self._credentials}

    def other_key(self) -> dict[str, str]:
        """As ``Service.other_key``."""
        return {"AWS_KMS_KEY_ID": self.keys[1]}

    def go(self) -> None:
        """The server takes connections and never answers, as behind a network that fails."""
        self._process.send_signal(signal.SIGSTOP)

    def come_back(self) -> None:
        """As ``Service.come_back``: it remembers its keys only while it lives, so it is not killed."""
        self._process.send_signal(signal.SIGCONT)

    def revoke(self) -> None:
        """The user may do nothing any more."""
        self._check_permissions(False)
        self._iam.delete_user_policy(UserName="holdfast", PolicyName="holdfast")
        self._check_permissions(True)

    def grant(self) -> None:
        """The user may encrypt and decrypt."""
        self._check_permissions(False)
        # Of a resource, moto's IAM knows only the star.
        statement = {"Effect": "Allow", "Action": ["kms:Encrypt", "kms:Decrypt"], "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._iam.put_user_policy(UserName="holdfast", PolicyName="holdfast", PolicyDocument=policy)
        self._check_permissions(True)

    def _check_permissions(self, wanted: bool) -> None:
        """Whether moto asks its IAM: it counts down the requests that need no permission."""
        connection = http.client.HTTPConnection(self.endpoint.removeprefix("http://"), timeout=10)
        body, headers = "0" if wanted else "inf", {"Content-Type": "text/plain"}
        connection.request("POST", "/moto-api/reset-auth", body, headers)
        assert connection.getresponse().status == 200
        connection.close()

    def _client(self, service: str) -> Any:
        return boto3.session.Session("administrator", "administrator", region_name=REGION).client(
            service, endpoint_url=self.endpoint, config=Config(retries={"total_max_attempts": 1})
        )

    def _answers(self) -> bool:
        try:
            self._everybody.list_keys()
        except BotoCoreError:
            return False
        return True
