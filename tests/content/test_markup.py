"""HTML: words however they are split or hidden, what counts as earlier text, files in URIs; in time that grows with the length alone."""

import base64
import time

import pytest

from gateway.content.markup import to_text
from tests.build import zip_of
from tests.content.reading import look, seen

B64 = base64.b64encode(b"RESTRICTED\n").decode()


def found(html: str, **more) -> set[tuple[str, str]]:
    return seen(look(html.encode(), "", "text/html", is_words=True, **more)[0])


SENSITIVE = {
    "tags within a word": "OFFICIAL-SENS<b>IT</b>IVE",
    "an attribute with a sign of tags": 'OFFICIAL-SENS<span title="a > b">ITIVE</span>',
    "a comment within a word": "OFFICIAL-SENS<!-- x -->ITIVE",
    "an empty comment": "<!-->OFFICIAL-SENSITIVE",
    "a soft hyphen": "OFFICIAL-SENS&shy;ITIVE",
    "a place to break": "OFFICIAL-SENS<wbr>ITIVE",
    "zero width": "OFFICIAL-SENS&#8203;ITIVE",
    "numeric entities": "&#79;&#x46;FICIAL-SENSITIVE",
    "entities without a semicolon": "OFFICIAL&nbspSENSITIVE &#79&#70&#70ICIAL",
    "entities written twice": "&amp;#79;FFICIAL-SENSITIVE",
    "hidden letters within a word": "OFFICIAL-SENS<span style='display:none'>xyz</span>ITIVE",
    "letters hidden by a class": "<style>.x, b { font-size : 0 }</style>OFFICIAL-SENS<i class='a x'>q</i>ITIVE",
    "letters hidden by the name of their element": "<style>i{display:none}</style>OFFICIAL-SENS<i>q</i>ITIVE",
    "letters hidden by their place in others": "<style>div.a p > I { display:none }</style><p class=a>OFFICIAL-SENS<i>q</i>ITIVE",
    "letters hidden inside of another class": "<style>.a .b{font-size:0}</style><p class=a>OFFICIAL-SENS<i class=b>q</i>ITIVE",
    "letters hidden by the attribute of a style": "<style>[data-x]{display:none}</style>OFFICIAL-SENS<i data-x>q</i>ITIVE",
    "letters hidden by the value of an attribute": "<style>i[lang|='cy']{display:none}</style>OFFICIAL-SENS<i lang=cy-GB>q</i>ITIVE",
    "letters hidden by both of two classes": "<style>.a.b{display:none}</style><i class=a>OFFICIAL</i>-SENS<i class='b a'>q</i>ITIVE",
    "letters hidden by a style with a comment": "<style>/* } */i{display:/**/none}</style>OFFICIAL-SENS<i>q</i>ITIVE",
    "letters hidden by a style with escapes": "<style>\\69{d\\69splay:n\\6f ne}</style>OFFICIAL-SENS<i>q</i>ITIVE",
    "letters hidden in a medium": "<style>@media screen{p{color:red} i{display:none}}</style>OFFICIAL-SENS<i>q</i>ITIVE",
    "letters hidden by an attribute": "OFFICIAL-SENS<span hidden>xyz</span>ITIVE",
    "hidden text": "<div style='font-size:0px'>OFFICIAL-SENSITIVE</div>",
    "a word that Outlook alone shows whole": "OFFICIAL-SENS<!--[if gte mso 9]>ITIVE<![endif]-->",
    "what all but Outlook show": "<!--[if !mso]><!-->OFFICIAL-SENSITIVE<!--<![endif]-->",
    "a conditional comment": "<!--[if mso]><b>OFFICIAL-</b>SENSITIVE<![endif]-->",
    "an alternative text": "<img alt='OFFICIAL-SENSITIVE'>",
    "an attribute without quotes": "<img alt=OFFICIAL-SENSITIVE src=x>",
    "a label for readers": "<p aria-label='OFFICIAL-SENSITIVE'>",
    "data of a script": "<p data-mark='OFFICIAL-SENSITIVE'>",
    "a value": "<input placeholder='OFFICIAL-SENSITIVE'>",
    "metadata": "<meta name=x content='OFFICIAL-SENSITIVE'>",
    "a document in an attribute": "<iframe srcdoc='OFFICIAL-&lt;b&gt;SENSITIVE&lt;/b&gt;'>",
    "a text of a style sheet": "<style>p::before { content: 'OFFICIAL-SENSITIVE' }</style>",
    "escapes in a text of a style sheet": "<style>p::before { content: '\\4F \\46 FICIAL-SENS\\49 TIVE' }</style>",
    "a text of a style sheet in pieces": "<style>p::before { content: 'OFFICIAL' \"-SENS\" 'ITIVE' }</style>",
    "letters that a style puts before others": "<style>.a::before{content:'OFFICIAL-SENS'}</style><p class=a>ITIVE</p>",
    "letters that a style puts behind others": "<p data-x=VE>OFFICIAL-SENS</p><style>p[data-x]:after{content:'ITI' attr(data-x)}</style>",
    "letters that a style puts between others": "<style>i:after{content:'-SENS'}</style><p><i>OFFICIAL</i>ITIVE</p>",
    "letters that a style puts behind one in another": "<style>b:after{content:'S'}</style><b>OFFICIAL-<b>SEN</b>ITIVE <b>x</b></b>",
    "a text of a style sheet and an attribute": "<style>p::before { content: 'OFFICIAL-' attr(data-x) }</style><p data-x=SENSITIVE>",
    "a script": "<script>document.write('OFFICIAL-SENSITIVE')</script>",
    "a template": "<template>OFFICIAL-SENSITIVE</template>",
    "without scripts": "<noscript>OFFICIAL-SENSITIVE</noscript>",
    "an input area": "<textarea>OFFICIAL-SENSITIVE</textarea>",
    "a picture in letters": "<svg><text>OFFICIAL-<tspan>SENSITIVE</tspan></text></svg>",
    "characters set apart": "<svg><![CDATA[OFFICIAL-SENSITIVE]]></svg>",
    "an instruction": "<?x OFFICIAL-SENSITIVE ?>",
    "before the body": "OFFICIAL-SENSITIVE<body>x",
    "a tag without an end": "<p>x</p><a title='OFFICIAL-SENSITIVE",
    "a quote without an end": '<a title="x>OFFICIAL-SENSITIVE</a>',
    "letters from right to left": "<p><bdo dir=rtl>EVITISNES-LAICIFFO</bdo></p>",
    "letters from right to left on each line": "<bdo dir='RTL'>olleH<br>EVITISNES-LAICIFFO<br>eyb dooG</bdo>",
    "letters from right to left in two elements": "<bdo dir=rtl>EVITIS<b>NES-L</b>AICIFFO</bdo>",
    "letters from right to left by a style": "<p style='unicode-bidi: bidi-override; direction: rtl'>EVITISNES-LAICIFFO</p>",
    "letters from left to right in others": "<bdo dir=rtl>EVITISNES<bdo dir=ltr>OFFICIAL-</bdo></bdo>",
    "letters from left to right in others, on a later line": "<bdo dir=rtl>x<bdo dir=ltr>y<br>SENSITIVE</bdo>-LAICIFFO</bdo>",
    "letters from right to left behind many lines": f"{'<bdo dir=rtl><bdo dir=ltr>' * 7}{'<p>a' * 5000}<p><bdo dir=rtl>EVITISNES-LAICIFFO",
    "words of a letter that a link begins": "<a href='mailto:a@b.example?body=OFFICIAL%2DSENSITI%56E'>",
    "a link": "<a href='https://a.example/OFFICIAL-SENSITIVE'>",
}  # fmt: skip


@pytest.mark.parametrize("name", SENSITIVE)
def test_words_however_they_are_split_or_hidden(name: str) -> None:
    assert "sensitive" in {id_ for id_, _ in found(SENSITIVE[name])}


@pytest.mark.parametrize(
    "html",
    [
        "<p>RESTR<b>ICTED</b></p><p>x</p>",
        "<div style='display:none'>A preview of this letter</div><p>RESTRICTED</p>",
        "<table><tr><td>RESTRICTED</td></tr><tr><td>x</td></tr></table>",
        "<p>RESTRICTED<span style='mso-hide:all'>ish</span></p>",
    ],
)
def test_the_first_line_is_the_first_that_is_shown(html: str) -> None:
    assert ("restricted", "first_line") in found(html)


def test_blocks_part_words_and_inline_elements_do_not() -> None:
    assert to_text("one<p>two</p>three<br>four<div>five</div>s<b>i</b>x<td>seven") == "one\ntwo\nthree\nfour\nfive\nsix\tseven"


@pytest.mark.parametrize(
    "before",
    [
        "<blockquote type='cite'>",
        '<div class="gmail_quote gmail_quote_container"><div>On Monday A wrote:</div><blockquote class="gmail_quote">',
        '<div id="appendonsend"></div><div>',
        '<div id="divRplyFwdMsg" dir="ltr"><b>Von:</b> A</div><div>',
        '<div class="yahoo_quoted">',
        "<div style='border-top:solid #E1E1E1 1.0pt'><p><b>From:</b> A<br><b>Sent:</b> Monday<br><b>To:</b> B</p></div><p>",
    ],
)
def test_what_answers_quote_is_quoted_earlier_text(before: str) -> None:
    (finding,) = look(f"<p>Dear all</p>{before}<p>OFFICIAL-SENSITIVE</p>".encode(), "", "text/html", is_words=True)

    assert seen(finding) == {("sensitive", "quoted")}


def test_what_stands_below_a_quotation_is_new() -> None:
    html = "<blockquote type='cite'><div>a<div>b</div></div><blockquote>c</blockquote></blockquote><p>OFFICIAL-SENSITIVE</p>"

    assert found(html) == {("sensitive", "first_line"), ("sensitive", "text")}


def test_an_archive_in_a_uri_is_opened() -> None:
    packed = base64.b64encode(zip_of({"a.txt": b"RESTRICTED"})).decode()

    *_, member = look(f"<a download='a.zip' href='data:application/zip;base64,{packed}'>".encode(), "", "text/html", is_words=True)

    assert (member.names, ("restricted", "first_line") in seen(member)) == (("a.txt",), True)


def test_a_picture_in_a_uri_is_no_file_and_what_only_says_so_is() -> None:
    picture = base64.b64encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR").decode()

    assert len(look(f"<img src='data:image/png;base64,{picture}'>".encode(), "", "text/html", is_words=True)) == 1
    assert len(look(f"<img src='data:image/png;base64,{B64}'>".encode(), "", "text/html", is_words=True)) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a",
        '<a ="',
        "<a '=\"",
        "<!--",
        "<!-- -",
        "<script>",
        "<style>{",
        "<![CDATA[",
        "<?",
        "&#",
        "<p hidden",
        "<div class=quote>",
        '<div class="quote">a<br>',
        "data:a/b,",
        "<style>/*",
        "<style>\\{display:none}i[a]{display:none}</style><i a>",
        "<style>i[a=b].c{display:none}.x{display:none}</style>",
        "<style>p::before{content:'a' attr(x)}</style><p x=1>",
        "<style>p:after{content:'aaaaaaaaaaaaaaaa'}</style><p>",
        "<bdo dir=rtl>",
        "<bdo dir=rtl>a<br>",
    ],
)
def test_hostile_markup_takes_linear_time(piece: str) -> None:
    start = time.process_time()

    look((piece * (400_000 // len(piece))).encode(), "", "text/html", is_words=True)

    assert time.process_time() - start < 3


@pytest.mark.slow
def test_lines_in_many_elements_that_order_letters_carry_no_sign_for_each() -> None:
    html = "<bdo dir=rtl><bdo dir=ltr>" * 8 + "<p>a" * 250_000
    start = time.process_time()

    assert len(to_text(html)) < len(html)

    look(html.encode(), "", "text/html", is_words=True)
    assert time.process_time() - start < 3


@pytest.mark.slow
def test_many_selectors_and_many_elements_take_linear_time() -> None:
    rules = "".join(f"i.c{number}[a='{number}']{{display:none}}" for number in range(5000))
    elements = "".join(f"<i class=d{number} a={number}>x</i>" for number in range(8000))
    content = "".join(f"p::before{{content:'{number}' attr(a)}}" for number in range(2000))
    start = time.process_time()

    look(f"<style>{rules}{content}</style>{elements}".encode(), "", "text/html", is_words=True)

    assert time.process_time() - start < 3
