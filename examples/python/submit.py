"""An example of a client in Python: each text becomes a job, and each answer says what it cost.

    API=http://127.0.0.1:3000 KEY=iep_… TYPE=<job type id> python3 examples/python/submit.py "one fish" "two fish"

`iep_client.py` is generated from openapi.json. Copy both; they need nothing but Python.
"""

import hashlib
import os
import sys
import time

from iep_client import ApiError, Client

RETRIES_MAX = 5
WAIT_SECONDS = 30


def submit(client, job_type_id, text):
    """Submits a job and waits for its end. A text that was submitted before is not submitted again."""
    job = {"job_type_id": job_type_id, "input_data": {"text": text}}
    # It makes it safe to send again. A header takes ASCII only, so it is not the text itself.
    key = "text-" + hashlib.sha256(text.encode()).hexdigest()
    for _ in range(RETRIES_MAX):
        try:
            return client.submit_job(job, idempotency_key=key, prefer=f"wait={WAIT_SECONDS}")
        except ApiError as error:
            if not error.retryable:
                raise
            time.sleep(error.retry_after or 1)
    raise TimeoutError(f"the API refused {text!r} {RETRIES_MAX} times")


def main():
    client = Client(os.environ["API"], os.environ["KEY"])
    me = client.get_me()
    print(f"{me['customer']['name']} has {client.get_wallet(me['customer']['id'])['available_cents']} cents")
    for text in sys.argv[1:]:
        job = submit(client, os.environ["TYPE"], text)
        print(f"{text}: {job['status']}, {job['cost_cents']} cents: {job['output_data']}")
    try:
        client.get_job("00000000-0000-7000-8000-000000000000")
    except ApiError as error:
        print(f"{error.status} {error.code}, see {error.problem['type']}")


main()
