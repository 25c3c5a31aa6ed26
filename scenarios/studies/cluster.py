"""A Dask cluster as an executor."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from ...engine.errors import OhmtickError
from ...engine.records.ledger import Entry
from ..versions import versions
from .jobs import Job, perform_packed

if TYPE_CHECKING:
    from distributed import Client

#: Seconds to wait for a scheduler, and for its first worker.
PATIENCE_S = 15.0


@contextmanager
def cluster(address: str) -> Iterator[tuple[Callable[[Job], Future[Entry]], int]]:
    """Use the workers of a Dask scheduler; yield what gives them a run, and how many they are.

    A run whose worker died is given to another one; after three deaths it is given up.

    Raises
    ------
    OhmtickError
        When Dask is not installed or not configured for the address, no scheduler answers, it has
        no worker, or a worker has another version of Ohmtick.
    """
    try:
        from distributed import Client
        from distributed.protocol.pickle import dumps  # it takes functions of a script along
    except ImportError:
        raise OhmtickError(
            "a Dask scheduler needs the package 'distributed': pip install 'ohmtick[cluster]'"
        ) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    _check_security(address)
    try:
        client = Client(address, timeout=PATIENCE_S, set_as_default=False)
    except (TimeoutError, OSError, ValueError) as error:
        raise OhmtickError(f"no Dask scheduler answers at {address}: {error}") from None
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE_S)
        except TimeoutError:
            raise OhmtickError(
                f"the Dask scheduler at {address} has no worker: start one by "
                f"'dask worker {address}'"
            ) from None
        _check_versions(client)
        slots = sum(client.nthreads().values())
        executor = client.get_executor(pure=False)  # a run given twice is to be done twice
        try:
            # Packed, the run is nothing to the scheduler, which need not have what is in it.
            yield lambda job: executor.submit(perform_packed, dumps(job)), slots
        finally:
            with suppress(Exception):  # the scheduler is gone, perhaps
                executor.shutdown(wait=False)


def _check_security(address: str) -> None:
    """Refuse an address that Dask's configuration has no certificates for, or does not allow."""
    import dask
    from distributed.security import Security

    if dask.config.get("distributed.client.security-loader", None):
        return  # it knows better
    try:
        found = Security().get_connection_args("client")
    except (OSError, ValueError) as error:
        raise OhmtickError(f"Dask's certificates cannot be read: {error}") from None
    encrypted = address.startswith("tls://")
    if encrypted and found["ssl_context"] is None:
        raise OhmtickError(
            f"Dask has no certificates for {address}: set distributed.comm.tls.ca-file, "
            ".client.cert and .client.key in its configuration"
        )
    if found["require_encryption"] and not encrypted:
        raise OhmtickError(
            f"Dask's configuration requires encryption, and {address} has none: give a tls:// "
            "address"
        )


def _installed() -> dict[str, str]:
    return versions()


def _check_versions(client: Client) -> None:
    """Refuse workers whose results could differ from ours in the last bits."""
    ours = versions()
    try:
        found = client.run(_installed)
    except Exception as error:  # it is raised as whatever the worker met
        raise OhmtickError(
            f"the workers must have ohmtick {ours['ohmtick']} installed, as here: {error}"
        ) from None
    for worker, theirs in found.items():
        differ = [name for name in ours if theirs.get(name) != ours[name]]
        if differ:
            name = differ[0]
            raise OhmtickError(
                f"the workers must have the versions that are used here, {name} {ours[name]} "
                f"among them, lest results differ: {worker} has {name} {theirs.get(name)}"
            )
