"""A page's head allows what it names and nothing else."""

import base64
import hashlib
from html.parser import HTMLParser

from ganvas.system.page import head, pinned


class Head(HTMLParser):
    """Collects the policy and the title."""

    def __init__(self) -> None:
        super().__init__()
        self.policy, self.title, self.tags = "", "", []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        values = dict(attributes)
        if values.get("http-equiv") == "Content-Security-Policy":
            self.policy = values["content"]

    def handle_data(self, data):
        if self.tags and self.tags[-1] == "title":
            self.title += data


def parsed(text):
    head_of_page = Head()
    head_of_page.feed(text)
    return head_of_page


def test_a_page_without_scripts_allows_none():
    page = parsed(head("a study", "p { color: red }"))
    assert page.policy.startswith("default-src 'none'; ")
    assert "script-src" not in page.policy
    assert "img-src data:;" in page.policy


def test_the_style_is_allowed_by_its_hash_and_no_other():
    style = "p::before { content: '…' }"
    expected = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{expected}';" in parsed(head("", style)).policy
    assert pinned(style) != pinned(style + " ")


def test_scripts_and_pictures_come_from_where_it_says():
    page = parsed(head("", "", "'self' file:", pinned("go()")))
    assert f"script-src {pinned('go()')};" in page.policy
    assert "img-src 'self' file:;" in page.policy


def test_markup_in_the_title_stays_text():
    page = parsed(head("<script>x</script> & y", ""))
    assert "script" not in page.tags
    assert "<script>x</script> & y" in page.title
