"""Style sheets: the words that they put around elements are read where they stand, what they hide is not, and no decoy keeps us from it."""

import time

import pytest

from gateway.content.style_rules import rules_of
from gateway.content.styles import Around
from gateway.model.finding import Readable
from tests.content.reading import look, seen

REST = "<p>Hello.<br><b class=a data-x=OFFICIAL->SENSITIVE</b></p>"
DECOYS = "".join(f".z{number}::before,b.z{number}[x]::after{{content:'q'}}" for number in range(2000))
PUT = {
    "an attribute alone": ".a::before{content:attr(data-x)}",
    "an attribute of an element, of which there is one more": ".a::before{content:attr(data-x)}.c{}",
    "behind many rules for others": f"{DECOYS}.a::before{{content:'OFFICIAL-'}}",
    "behind many selectors": ",".join(f"p.z{number}" for number in range(2000)) + ",.a::before{content:'OFFICIAL-'}",
    "behind a brace in a string": ".a::before{quotes:'}' '{';content:'OFFICIAL-'}",
    "behind a brace in an address": "p{background:url(a};b)}.a::before{content:'OFFICIAL-'}",
    "behind a comment in a string": "p::before{content:'/*'}.a::before{content:'OFFICIAL-'}",
    "behind a sheet that is imported": "@import url(x.css);.a::before{content:'OFFICIAL-'}",
    "behind a quotation mark": ".a::before{content:open-quote 'OFFICIAL-'}",
    "before what is read aloud": ".a::before{content:'OFFICIAL-' / 'q'}",
    "by a property in escapes": ".a::before{c\\6fntent:'OFFICIAL-'}",
    "by a property with a comment": ".a::before{content/**/:'OFFICIAL-'}",
    "by a comma in an attribute": "[data-x='q,r'],[data-x^='OFF'][data-x]:not([x=','])::before{content:'OFFICIAL-'}",
    "by an attribute in brackets": "[data-y=']']::before{content:'q'}[data-x|=OFFICIAL]::before{content:'OFFICIAL-'}",
    "by any element": "*::before{content:''} p *::before{content:'OFFICIAL-'}",
    "by one of several": ":is(i, b)::before{content:'OFFICIAL-'}",
    "inside of another rule": "p{color:red; & .a{color:blue; &::before{content:'OFFICIAL-'}}}",
    "in a medium inside of a rule": ".a::before{color:red;@media screen{content:'OFFICIAL-'}}",
    "without an end": "@media screen{.a::before{content:'OFFICIAL-'",
    "by the last of two rules": ".a::before{content:'q'}.a::before{content:'OFFICIAL-'}",
    "by the last of two declarations": ".a::before{content:'q';content:'OFFICIAL-'}",
    "by the rule that weighs more": "p .a::before{content:'OFFICIAL-'}b::before{content:'q'}",
    "by the rule that is important": ".a::before{content:'OFFICIAL-'!important}p b.a::before{content:'q'}",
    "by what stands where an attribute does not": ".a::before{content:attr(data-y, 'OFFICIAL-')}",
    "by an attribute, not by what stands without it": ".a::before{content:attr(data-x, 'q')}",
    "by a property of the page's own": ".a::before{content:var(--x)}:root{--X:'OFFICIAL' var(--y,'q')}p{--y:'-'}",
    "by what stands where a property is not": ".a::before{content:var(--x, 'OFFICIAL-')}",
    "as the sign of a list": ".a{display:list-item;list-style:'OFFICIAL-' inside}",
    "as the sign of a list by its own name": ".a::marker{content:'OFFICIAL-'}",
    "by a rule that a rule for other places seems to replace": ".a::before{content:'OFFICIAL-'}#nowhere p b.a::before{content:'q'}",
}


def put(sheet: str, rest: str = REST) -> set[tuple[str, str]]:
    return seen(look(f"<style>{sheet}</style>{rest}".encode(), "", "text/html", is_words=True)[0])


@pytest.mark.parametrize("name", PUT)
def test_words_are_read_where_a_style_puts_them(name: str) -> None:
    assert ("sensitive", "text") in put(PUT[name])


@pytest.mark.parametrize(
    "sheet",
    [
        "li{list-style-type:'OFFICIAL-SENSITIVE'}",
        "q{quotes:'OFFICIAL-' 'SENSITIVE'}",
        ":root{--x:'OFFICIAL-SENSITIVE'}",
        "@counter-style x{symbols:'OFFICIAL-SENSITIVE'}",
        "p{text-overflow:'OFFICIAL-SENSITIVE'}",
        "p::before{content:attr(x, 'OFFICIAL-SENSITIVE')}",
        "p::before{content:counters(x, '.') 'OFFICIAL-' / 'SENSITIVE'}",
    ],
)
def test_words_of_a_style_are_read_also_where_none_is_seen_to_show_them(sheet: str) -> None:
    assert ("sensitive", "text") in put(sheet, "<p>Hello.</p>")


@pytest.mark.parametrize(
    "tag",
    [
        "class=a data-x='OFFICIAL&#45;'",
        "class='&#97;' data-x=OFFICIAL-",
        "class=a data-x=OFFICIAL- data-x=q",
        "title='class=q' class=a data-x=OFFICIAL-",
        'class="a" data-x=OFFICIAL-"',
        "class=A DATA-X=OFFICIAL-",
    ],
)
def test_attributes_are_shown_as_a_browser_reads_them(tag: str) -> None:
    assert ("sensitive", "text") in put(".a::before{content:attr(data-x)}", f"<p>Hello.<br><b {tag}>SENSITIVE</b></p>".replace('-"', "-"))


def test_upper_and_lower_case_of_an_attribute_are_kept() -> None:
    around = Around()
    around.add(rules_of("[DATA-X='ab 12']::before{content:attr(Data-X)}"))

    assert around.of("b", " data-x='AB 12'") == ("AB 12", "")


@pytest.mark.parametrize(
    "sheet",
    [
        f"{''.join(f'i.z{number}[x]{{display:none}}' for number in range(2000))}i.q{{display:none}}",
        "p::before{content:'}'}i.q{display:none}",
        ".q{quotes:'}';display:none}",
        "[title='}'],.q{display:none}",
        "[class~=q]{display:none}",
        ":is(u,.q){display:none}",
        "p :where(.q){display:none}",
        "i:-webkit-any(.r:not(.x, .y), u):matches(.q){display:none}",
        "u :is(:is(b u, :where(p > i)).q, a:hover){display:none}",
        f":is({','.join(f'.z{number}' for number in range(2000))},.q){{display:none}}",
    ],
)
def test_what_is_hidden_alone_is_left_out(sheet: str) -> None:
    assert ("sensitive", "text") in put(sheet, "<p>Hello.<br>OFFICIAL-SENS<i class='r q'>q</i><i>IT</i>IVE</p>")


@pytest.mark.parametrize(
    ("sheet", "rules"),
    [
        ("a,b{c:d;e:f}", [("a,b", "c:d", "e:f")]),
        ("a{b:c;d{e:f}g:h}", [("a", "b:c"), ("d", "e:f"), ("a", "g:h")]),
        ("@charset 'a';@media b{c{d:e}}@font-face{f:g}", [("c", "d:e")]),
        ("<!-- a{b:'-->'} --> /* c{ */ d{/**/e/**/:f}", [("a", "b:'-->'"), ("d", "e :f")]),
        ("}}a{b:'x\nc:d}", [("a", "b:'x\nc:d")]),
        ("a\\{{b:c}", [("a\\{", "b:c")]),
        ("a{}{;;}", []),
    ],
)
def test_rules_of_a_sheet(sheet: str, rules: list[tuple[str, ...]]) -> None:
    assert [(rule.selectors, *rule.declarations) for rule in rules_of(sheet)] == rules


NUMBERS = range(30_000)
BEYOND = {
    "more rules than any page has": "".join(f".z{number}::before{{content:'q'}}" for number in NUMBERS) + "</style>",
    "more rules that say nothing of it than any page has": "a{b:c}" * 60_000 + "d::before{content:'q'}</style>",
    "more selectors than any page has": ",".join(f".z{number}" for number in NUMBERS) + "{display:none}</style>",
    "more arguments than any page has": f":is({','.join(f'.z{number}' for number in NUMBERS)}){{display:none}}</style>",
    "more arguments together than any page has": ":is(a,b,c,d,e,f,g,h,i,j,k,l)" * 5 + "{display:none}</style>",
    "too many selectors for too many elements": "".join(f"p[x='{number}']::before{{content:'q'}}" for number in NUMBERS[:9999])
    + "</style>"
    + "".join(f"<p x=x y={number}>" for number in NUMBERS),
    "more words than a page has room for": f"p::before{{content:'{'q' * 100_000}'}}</style>{'<p>' * 99}",
    "an attribute again and again": f"p::before{{content:{'attr(x)' * 9999}}}</style><p x={'y' * 9999}>",
    "a property in itself": f"p::before{{content:var(--x)}}p{{--x:{'var(--x)' * 9999}}}</style><p>",
    "no words again and again": f"p::before{{content:'q'{'attr(x)' * 9999}}}</style>" + "".join(f"<p y={number}>" for number in NUMBERS),
    "a long attribute searched again and again": "".join(f"p[x*='yyyyyy{number}']{{display:none}}" for number in NUMBERS[:9999])
    + f"</style><p x={'y' * 99_999}>",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BEYOND)
def test_what_is_not_looked_at_to_its_end_is_over_budget_and_soon(name: str) -> None:
    start = time.process_time()

    (finding,) = look(f"<p>OFFICIAL-SENSITIVE</p><style>{BEYOND[name]}".encode(), "", "text/html", is_words=True)

    assert finding.readable is Readable.OVER_BUDGET
    assert "sensitive" in {id_ for id_, _ in seen(finding)}
    assert time.process_time() - start < 3


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        "p,",
        "p,q{content:'a'}",
        ":is(",
        ":is(a,b)",
        ":is(a,:is()),",
        ":not(a):is(b,c) ",
        "[",
        "'",
        '"\n',
        "/*/",
        "{",
        "{}",
        "a{b;",
        "@media x{",
        "url(",
        "\\",
        "\\69 ",
        "<!--",
        "content:",
        "a.b[c] ",
    ],
)
def test_hostile_style_sheets_take_linear_time(piece: str) -> None:
    sheet = "b::before{content:'b'}i.x{display:none}" + piece * (500_000 // len(piece))
    start = time.process_time()

    put(f"{sheet}{{content:'x';display:none}}")

    assert time.process_time() - start < 3


def test_a_newsletter_with_the_icons_of_a_font_is_read_to_its_end() -> None:
    icons = "".join(f".icon.icon-{number}::before{{content:'\\e{number:03x}'}}.no-{number}{{display:none}}" for number in range(1500))
    items = "".join(f"<li><i class='icon icon-{number % 1500}' title={number}></i>Item {number}</li>" for number in range(2000))
    sheet = f"{icons}td::before{{content:attr(data-th) ': '}}li::before{{content:'\\2022'}}.toc li::before{{content:'\\2014'}}"

    (finding,) = look(f"<style>{sheet}</style><ul>{items}</ul>".encode(), "", "text/html", is_words=True)

    assert finding.readable is Readable.YES


@pytest.mark.parametrize("text", ["q", "q{}"])
def test_many_rules_for_any_element_are_read_to_the_end_of_many_elements(text: str) -> None:
    rules = "".join(f".z{number} :before{{content:'{text.format(number)}'}}" for number in range(2000))
    rest = "".join(f"<p title={number}>" for number in range(9999))

    (finding,) = look(
        f"<style>{rules}* :before{{content:'OFFICIAL-'!important}}</style>{rest}<b>SENSITIVE</b>".encode(), "", "text/html", is_words=True
    )

    assert finding.readable is Readable.YES
    assert ("sensitive", "text") in seen(finding)
