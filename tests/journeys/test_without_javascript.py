"""The page as a plain form: what a browser without JavaScript reads and posts."""

from html import escape
from html.parser import HTMLParser

from tests.support import Server, png, until


class OrderForm(HTMLParser):
    """Collects what the order form would post as it stands."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self.action = self.encoding = ""
        self._inside = False
        self._select = self._text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        if tag == "form" and has.get("action") == "/video/jobs":
            self._inside, self.action, self.encoding = True, "/video/jobs", has.get("enctype") or ""
        if not self._inside:
            return
        name = has.get("name") or ""
        match tag, has.get("type"):
            case "input", "checkbox" | "radio" if name and "checked" in has:
                self.values[name] = has.get("value") or "on"
            case "input", "checkbox" | "radio" | "file" | "submit":
                pass
            case "input", _ if name:
                self.values.setdefault(name, has.get("value") or "")
            case "select", _:
                self._select = name
            case "option", _ if self._select and "selected" in has:
                self.values[self._select] = has.get("value") or ""
            case "textarea", _:
                self._text = name
                self.values[name] = ""

    def handle_data(self, data: str) -> None:
        if self._text:
            self.values[self._text] += data

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "form":
                self._inside = False
            case "select":
                self._select = ""
            case "textarea":
                # A browser leaves out a line break right after the tag.
                self.values[self._text] = self.values[self._text].removeprefix("\n")
                self._text = ""


def read_form(server: Server, link: str) -> OrderForm:
    page = server.http.get(link, headers={"accept": "text/html"})
    assert page.status_code == 200
    form = OrderForm(page.text)
    assert form.encoding == "multipart/form-data"
    return form


def test_a_filled_link_is_a_form_that_can_be_posted_with_a_file_and_leads_to_a_video(server: Server) -> None:
    form = read_form(
        server, "/video?model=seedance-1-pro&mode=i2v&resolution=480p&duration=2&prompt=Plain+as+paper"
    )
    assert form.values["prompt"] == "Plain as paper"
    sent = server.http.post(
        "/video/jobs",
        data=form.values,
        files={"image": ("frame.png", png((600, 400)), "image/png")},
        headers={"accept": "text/html", "origin": server.url, "sec-fetch-site": "same-origin"},
    )
    assert sent.status_code == 303, sent.text
    listed = server.http.get("/api/video/jobs", params={"limit": 1}).json()["jobs"][0]
    assert listed["values"]["prompt"] == "Plain as paper"
    job = server.wait(listed["id"])
    assert job["status"] == "succeeded", job
    page = server.http.get(sent.headers["location"]).text
    assert job["output"]["url"] in page


def test_the_same_form_posted_twice_orders_once(server: Server) -> None:
    form = read_form(server, "/video?model=seedance-1-pro&resolution=480p&duration=2&prompt=Clicked+twice")
    answers = [server.http.post("/video/jobs", data=form.values, files={"none": ("", b"")}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    until(lambda: True if "Clicked twice" in server.submissions()["by_prompt"] else None, "it is ordered")
    jobs = server.http.get("/api/video/jobs").json()["jobs"]
    (job,) = [job for job in jobs if job["values"]["prompt"] == "Clicked twice"]
    server.wait(job["id"])
    assert server.submissions()["by_prompt"]["Clicked twice"] == 1


def test_a_wrong_form_comes_back_with_what_was_typed_and_the_sentence_that_a_program_gets(
    server: Server,
) -> None:
    form = read_form(server, "/video?model=kling-v2.1-master&mode=i2v&prompt=Without+a+frame")
    answer = server.http.post("/video/jobs", data=form.values, files={"none": ("", b"")})
    assert answer.status_code in (200, 422)
    told = server.place("kling-v2.1-master", {"mode": "i2v", "prompt": "Without a frame"}).json()["errors"][
        "image"
    ]
    assert escape(told) in answer.text
    again = OrderForm(answer.text)
    assert again.values["prompt"] == "Without a frame"
    assert again.values["mode"] == "i2v"


def test_a_form_of_another_site_is_refused_before_anything_is_read(server: Server) -> None:
    form = read_form(server, "/video?model=kling-v2.1-master&prompt=Forged")
    forged = server.http.post("/video/jobs", data=form.values, headers={"origin": "http://evil.example"})
    assert forged.status_code == 403
    without = {name: value for name, value in form.values.items() if name != "_csrf_token"}
    assert server.http.post("/video/jobs", data=without).status_code == 403
    prompts = [job["values"].get("prompt") for job in server.http.get("/api/video/jobs").json()["jobs"]]
    assert "Forged" not in prompts
