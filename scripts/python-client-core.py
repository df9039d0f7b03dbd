import json
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any, Dict, List, Literal, Optional, TypedDict, Union

if TYPE_CHECKING:
    from typing import NotRequired

_BODY_BYTES_MAX = 8 * 1024 * 1024


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


class UnexpectedAnswerError(Exception):
    """What answered is not the API, or its answer is too large."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Redirects are not followed: the key would go with them to any host, and a POST would become a GET."""

    def redirect_request(self, *_given: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


def _read(response: Any) -> Any:
    """The body: JSON as values, text as text, nothing as None."""
    body = response.read(_BODY_BYTES_MAX + 1)
    if len(body) > _BODY_BYTES_MAX:
        raise UnexpectedAnswerError(f"The answer is larger than {_BODY_BYTES_MAX} bytes: ask for less, with `limit`.")
    text = body.decode()
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
            with _opener.open(request, timeout=self._timeout) as response:
                return _read(response)
        except urllib.error.HTTPError as error:
            with error:
                if 300 <= error.code < 400:
                    to = error.headers.get("Location", "elsewhere")
                    raise UnexpectedAnswerError(
                        f"{self._url} leads to {to} ({error.code}): give the client the URL of the API itself."
                    ) from None
                problem = _read(error)
                after = error.headers.get("Retry-After")
            if not isinstance(problem, dict) or "code" not in problem:
                raise
            # It may be a date, of a proxy.
            seconds = int(after) if after is not None and after.isdecimal() else None
            raise ApiError(error.code, problem, seconds) from None
