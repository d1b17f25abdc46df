"""HTML and RTF: what a reader shows, hides or ignores, and what stands in the source all the same."""

from collections.abc import Iterator

from tests.corpus.entries import LINE, MARKING, NHS, PERSON, Technique, carrying, mail

_ENTITIES = "".join(f"&#{ord(sign)};" for sign in PERSON)
_HEX = "".join(f"&#x{ord(sign):x};" for sign in PERSON)

_REST = "773457"
_DECOYS = "".join(f".z{number}::before{{content:'q'}}" for number in range(60))
_BEYOND = "".join(f".z{number}::before{{content:'q'}}" for number in range(25_000))
_HIDING = "".join(f"i.z{number}[x]{{display:none}}" for number in range(60))


def techniques() -> Iterator[Technique]:
    for name, html in _PAGES.items():
        yield Technique("html", f"{name} of a body", "detector", "words", mail(html=html))
    for name, html in list(_PAGES.items())[::2]:
        yield Technique("html", f"{name} of a file", "detector", "page.html", carrying("page.html", html.encode(), "text/html"))
    for name, xml in _XML.items():
        yield Technique("html", name, "detector", "list.", carrying("list.svg" if "<svg" in xml else "list.xml", xml.encode()))
    for name, html in _MARKED.items():
        yield Technique("html", name, "marking", "words", mail(text="", html=html))
    yield Technique("html", "more rules than are looked at", "unreadable", "words", mail(html=f"<style>{_BEYOND}</style><p>Hello.</p>"))
    for name, text in _RTF.items():
        yield Technique("rtf", name, "detector", "note.rtf", carrying("note.rtf", text.encode("latin-1"), "application/rtf"))
    for name, (text, where) in _RTF_MARKED.items():
        yield Technique("rtf", name, "marking", where, carrying("note.rtf", text.encode("latin-1"), "application/rtf"))


_PAGES = {
    "a paragraph": f"<p>{PERSON}</p>",
    "hidden text": f"<p>Hello.<span style='display:none'>{PERSON}</span></p>",
    "text of no size": f"<p>Hello.<span style='font-size:0;color:#fff'>{PERSON}</span></p>",
    "text outside the window": f"<div style='position:absolute;left:-9999px'>{PERSON}</div>",
    "entities": f"<p>{_ENTITIES}</p>",
    "hexadecimal entities": f"<p>{_HEX}</p>",
    "entities without semicolons": "<p>NHS number: &#52&#56&#53 777 3457</p>",
    "named blanks": f"<p>NHS number:&nbsp;{NHS.replace(' ', '&nbsp;')}</p>",
    "a comment": f"<p>Hello.</p><!-- {PERSON} -->",
    "a conditional comment": f"<p>Hello.</p><!--[if mso]><p>{PERSON}</p><![endif]-->",
    "a tag for each character": "<p>" + "".join(f"<b>{sign}</b>" for sign in PERSON) + "</p>",
    "empty tags inside a word": "<p>NHS num<i></i>ber: 48<b></b>5 777 3457</p>",
    "comments inside the number": "<p>NHS number: 48<!-- x -->57<!-- y -->773457</p>",
    "soft hyphens and break points": "<p>NHS num&shy;ber: 485<wbr>777&#8203;3457</p>",
    "a picture's alternative text": f"<p><img src='x' alt='{PERSON}'></p>",
    "a title attribute": f"<p title='{PERSON}'>Hello.</p>",
    "an attribute for machines": f"<p data-person='{PERSON}'>Hello.</p>",
    "a label for readers of screens": f"<p aria-label='{PERSON}'>Hello.</p>",
    "a hidden field": f"<form><input type='hidden' value='{PERSON}'></form>",
    "a text area": f"<form><textarea>{PERSON}</textarea></form>",
    "the page's title": f"<html><head><title>{PERSON}</title></head><body>Hello.</body></html>",
    "a description of the page": f"<html><head><meta name='description' content='{PERSON}'></head><body>Hello.</body></html>",
    "content of a style": f"<style>p::after {{ content: '{PERSON}' }}</style><p>Hello.</p>",
    "a script": f"<p>Hello.</p><script>var person = '{PERSON}';</script>",
    "what stands without scripts": f"<noscript>{PERSON}</noscript><p>Hello.</p>",
    "a template": f"<template><p>{PERSON}</p></template><p>Hello.</p>",
    "a frame's source": f'<iframe srcdoc="<p>{PERSON}</p>"></iframe><p>Hello.</p>',
    "a picture of lines": f"<svg><text>{PERSON}</text><desc>x</desc></svg>",
    "a link's address": f"<a href='mailto:x@y.example?body={PERSON.replace(' ', '%20')}'>Hello.</a>",
    "digits hidden by the name of their element": "<style>i{display:none}</style><p>NHS number: 48<i>9</i>57773457</p>",
    "digits hidden by a style with escapes": "<style>\\69 {disp\\6c ay:n\\6fne}</style><p>NHS number: 48<i>9</i>57773457</p>",
    "digits hidden by their place": "<style>p.a > i[x]{visibility:hidden}</style><p class='a'>NHS number: 48<i x>9</i>57773457</p>",
    "content of a style in escapes": f"<style>p::after{{content:'{''.join(chr(92) + format(ord(sign), 'x') + ' ' for sign in PERSON)}'}}</style><p>Hello.</p>",
    "content of a style in pieces": "<style>p::after{content:'NHS num' \"ber: 4857\" '773457'}</style><p>Hello.</p>",
    "content of a style with an attribute": "<style>p::after{content:'NHS number: 4857' attr(data-n)}</style><p data-n='773457'>Hello.</p>",
    "half of a number before an element": "<style>b:before{content:'NHS number: 4857'}</style><p><b>773457</b></p>",
    "half of a number behind an element": "<style>b:after{content:'773457'}</style><p>NHS number: <b>4857</b></p>",
    "half of a number in an attribute that a style shows": f"<style>b:before{{content:attr(data-n)}}</style><p>NHS number: <b data-n='&#52;857'>{_REST}</b></p>",
    "half of a number behind many rules for others": f"<style>{_DECOYS}b:before{{content:'4857'}}</style><p>NHS number: <b>{_REST}</b></p>",
    "half of a number behind a brace in a string": f"<style>b:before{{quotes:'}}';content:'4857'}}</style><p>NHS number: <b>{_REST}</b></p>",
    "half of a number behind a quotation mark": f"<style>b:before{{content:no-open-quote '4857'}}</style><p>NHS number: <b>{_REST}</b></p>",
    "half of a number by the last of two rules": f"<style>b:before{{content:'1'}}b:before{{content:'4857'}}</style><p>NHS number: <b>{_REST}</b></p>",
    "half of a number before any element": f"<style>p *::before{{content:'4857'}}</style><p>NHS number: <b>{_REST}</b></p>",
    "half of a number by a rule in another": f"<style>b{{color:red;&::before{{content:'4857'}}}}</style><p>NHS number: <b>{_REST}</b></p>",
    "half of a number by an attribute with a comma": f"<style>[data-n='1,2']::before{{content:'4857'}}</style><p>NHS number: <b data-n='1,2'>{_REST}</b></p>",
    "half of a number in a property of the page's own": f"<style>p{{--n:'4857'}}b:before{{content:var(--n)}}</style><p>NHS number: <b>{_REST}</b></p>",
    "half of a number where an attribute is missing": f"<style>b:before{{content:attr(data-n,'4857')}}</style><p>NHS number: <b>{_REST}</b></p>",
    "half of a number as the sign of a list": f"<style>li{{list-style-type:'NHS number: 4857'}}</style><ul><li>{_REST}</li></ul>",
    "the sign of a list": f"<style>li{{list-style-type:'{PERSON}'}}</style><ul><li>Hello.</li></ul>",
    "marks of quotation": f"<style>q{{quotes:'{PERSON}' ''}}</style><p><q>Hello.</q></p>",
    "digits hidden as one of several": "<style>:is(i,.h){display:none}</style><p>NHS number: 4857<b class=h>9</b>773457</p>",
    "digits hidden as one of several in a paragraph": "<style>p :where(.g, :not(.h) .h){display:none}</style><p>NHS number: 4857<b class=h>9</b>773457</p>",
    "digits hidden behind many rules": f"<style>{_HIDING}b i.q{{display:none}}</style><p>NHS number: 4857<i class=q>9</i><i>77</i>3457</p>",
    "digits hidden behind a brace in a string": f"<style>i{{quotes:'}}';display:none}}</style><p>NHS number: 4857<i>9</i>{_REST}</p>",
    "letters from right to left": f"<p><bdo dir='rtl'>{PERSON[::-1]}</bdo></p>",
    "letters from right to left by a style": f"<p style='direction:rtl; unicode-bidi:bidi-override'>{PERSON[::-1]}</p>",
    "letters from right to left in others from left to right": f"<bdo dir='ltr'>Hello.<br><bdo dir='rtl'>x<br>{PERSON[::-1]}</bdo></bdo>",
    "a table": f"<table><tr><th>Name</th><th>NHS number</th></tr><tr><td>Alex</td><td>{NHS}</td></tr></table>",
    "plain text in the middle of a broken tag": f"<p>Hello.<b <i>{PERSON}",
    "a page that never begins": f"</p></div></html>{PERSON}",
    "behind the page's end": f"<html><body>Hello.</body></html>{PERSON}",
    "old plain text": f"<plaintext>{PERSON}",
    "verbatim text": f"<xmp>{PERSON}</xmp>",
    "a section of characters": f"<p>Hello.</p><svg><![CDATA[{PERSON}]]></svg>",
}  # fmt: skip
_PIECES = '<!ENTITY a "NHS num"><!ENTITY b "ber: 48&c;"><!ENTITY c "57">'
_XML = {
    "words in entities of a picture of lines": f'<!DOCTYPE svg [{_PIECES}]><svg xmlns="http://www.w3.org/2000/svg"><text>&a;&b;773457</text></svg>',
    "words in entities of a text": f'<?xml version="1.0"?><!DOCTYPE list [{_PIECES}]><list><person>&a;&b;773457</person></list>',
    "words in entities of an attribute": f'<!DOCTYPE svg [{_PIECES}]><svg xmlns="http://www.w3.org/2000/svg"><text aria-label="&a;&b;773457">x</text></svg>',
}  # fmt: skip
_MARKED = {
    "a marking as the first line": f"<p>{MARKING}</p><p>Hello.</p>",
    "a marking behind hidden words": f"<div style='display:none'>Preview text of no weight.</div><p>{MARKING}</p><p>Hello.</p>",
    "a marking in pieces": "<p>OFFICIAL-<b>SENS</b><i>ITIVE</i></p><p>Hello.</p>",
    "a council's word as the first line": f"<div><b>{LINE}</b></div><div>Hello.</div>",
    "a marking with hidden letters inside": "<style>:is(i,.h){display:none}</style><p>OFFICIAL-SENS<i class=h>x</i>ITIVE</p><p>Hello.</p>",
    "a marking behind a style": f"<style>p {{ color: red }}</style><h1>{MARKING}</h1><p>Hello.</p>",
}  # fmt: skip


_UNICODE = "".join(f"\\u{ord(sign)}?" for sign in PERSON)
_HEXED = "".join(f"\\'{ord(sign):02x}" for sign in PERSON)
_RTF = {
    "a paragraph": f"{{\\rtf1\\ansi {PERSON}\\par}}",
    "split words": "{\\rtf1 NHS nu{\\b mb}er: 48{\\i 5} 7{}77 34\\b0 57\\par}",
    "a group for each character": "{\\rtf1 " + "".join(f"{{{sign}}}" for sign in PERSON) + "}",
    "lines broken inside words": "{\\rtf1 NHS num\r\nber: 48\r\n5 777 34\r\n57}",
    "hexadecimal escapes": f"{{\\rtf1 {_HEXED}}}",
    "Unicode escapes": f"{{\\rtf1\\uc1 {_UNICODE}}}",
    "Unicode escapes without a substitute": "{\\rtf1\\uc0 " + "".join(f"\\u{ord(sign)} " for sign in PERSON) + "}",
    "hidden text": f"{{\\rtf1 A.{{\\v {PERSON}}}}}",
    "deleted text": f"{{\\rtf1 A.{{\\deleted {PERSON}}}}}",
    "white text": f"{{\\rtf1 A.{{\\cf1\\fs2 {PERSON}}}}}",
    "the page header": f"{{\\rtf1{{\\header {PERSON}}}A.}}",
    "a footnote": f"{{\\rtf1 A.{{\\footnote {PERSON}}}}}",
    "a comment": f"{{\\rtf1 A.{{\\*\\annotation {PERSON}}}}}",
    "a text box": f"{{\\rtf1 A.{{\\shp{{\\*\\shpinst{{\\shptxt {PERSON}\\par}}}}}}}}",
    "a field's result": f"{{\\rtf1 A.{{\\field{{\\*\\fldinst QUOTE}}{{\\fldrslt {PERSON}}}}}}}",
    "a field's instruction": f'{{\\rtf1 A.{{\\field{{\\*\\fldinst QUOTE "{PERSON}"}}{{\\fldrslt x}}}}}}',
    "the document's title": f"{{\\rtf1{{\\info{{\\title {PERSON}}}}}A.}}",
    "a user's property": f"{{\\rtf1{{\\*\\userprops{{\\propname Case}}\\proptype30{{\\staticval {PERSON}}}}}A.}}",
    "a table": f"{{\\rtf1\\trowd\\cellx1000\\cellx2000 NHS number\\cell {NHS}\\cell\\row}}",
    "binary data before it": "{\\rtf1{\\pict\\bin8 }}}}{{{{}" + PERSON + "\\par}",
    "a bookmark's name": f"{{\\rtf1 A.{{\\*\\bkmkstart {PERSON}}}x}}",
    "an unknown destination": f"{{\\rtf1 A.{{\\*\\unheardof {PERSON}}}}}",
    "no end": f"{{\\rtf1\\ansi {PERSON}",
    "behind the end": f"{{\\rtf1\\ansi A.}}{PERSON}",
}  # fmt: skip
_RTF_MARKED = {
    "a marking in the page header": (f"{{\\rtf1{{\\header {MARKING}}}A.}}", "header"),
    "a marking in the first page's footer": (f"{{\\rtf1{{\\footerf {MARKING}}}A.}}", "footer"),
    "a marking as the first line": (f"{{\\rtf1 {MARKING}\\par A.}}", "official-sensitive"),
    "a watermark": (
        f"{{\\rtf1{{\\header {{\\shp{{\\*\\shpinst{{\\sp{{\\sn gtextUNICODE}}{{\\sv {MARKING}}}}}{{\\sp{{\\sn gtextFont}}{{\\sv Arial}}}}}}}}}}A.}}",
        "header",
    ),
    "a marking as keywords": (f"{{\\rtf1{{\\info{{\\keywords {MARKING}}}}}A.}}", "official-sensitive"),
}  # fmt: skip
