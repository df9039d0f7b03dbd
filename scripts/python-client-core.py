import json
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any, Dict, List, Literal, Optional, TypedDict, Union

if TYPE_CHECKING:
    from typing import NotRequired

_BODY_CHARACTERS_MAX = 8 * 1024 * 1024


class ApiError(Exception):
    """The API refused a request. Decide by `code`; `retryable` says whether the same request may succeed later."""

    def __init__(self, status: int, problem: "Problem", retry_after: Optional[int]) -> None:
        super().__init__(f"{problem['code']}: {problem['detail']} (request {problem['request_id']})")
        self.status = status
        self.problem = problem
        self.code = problem["code"]
        self.request_id = problem["request_id"]
        self.retryable = problem["retryable"]
        self.retry_after = retry_after


def _read(response: Any) -> Any:
    """The body: JSON as values, text as text, nothing as None."""
    text = response.read(_BODY_CHARACTERS_MAX).decode()
    if text == "":
        return None
    return json.loads(text) if "json" in response.headers.get("Content-Type", "") else text


def _quote(part: str) -> str:
    return urllib.parse.quote(str(part), safe="")


class Client:
    """The API at `url`, with a key. `timeout` is for one request, in seconds: more than `Prefer: wait` may take."""

    def __init__(self, url: str, key: Optional[str] = None, timeout: float = 70) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._timeout = timeout

    def _request(
        self,
        method: str,
        path: str,
        query: Optional[Dict[str, Any]] = None,
        headers: Optional[Dict[str, Any]] = None,
        body: Any = None,
    ) -> Any:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        url = self._url + path + ("?" + urllib.parse.urlencode(given) if given else "")
        request = urllib.request.Request(url, method=method)
        request.add_header("Accept", "application/json")
        if self._key is not None:
            request.add_header("Authorization", f"Bearer {self._key}")
        for name, value in (headers or {}).items():
            if value is not None:
                request.add_header(name, str(value))
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, timeout=self._timeout) as response:
                return _read(response)
        except urllib.error.HTTPError as error:
            with error:
                problem = _read(error)
                after = error.headers.get("Retry-After")
            if not isinstance(problem, dict) or "code" not in problem:
                raise
            raise ApiError(error.code, problem, None if after is None else int(after)) from None
