"""The bookmarklet, and the page that replaces it if Beatport's security policy keeps a page from sending data to this machine."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from urllib.parse import quote

_SCRIPT = """(()=>{const at=%(at)s,own=new URL(at).origin,tell=text=>alert("Beatporter: "+text),
found=document.getElementById("__NEXT_DATA__");
if(!found){tell("this page has no chart data. Open a chart on Beatport and try again.");return}
const body=JSON.stringify({address:location.href,data:found.textContent});
fetch(at+"/page",{method:"POST",credentials:"omit",headers:{"Content-Type":"application/json"},body}).then(answer=>answer.text()).then(tell,()=>{
const other=window.open(at+"/receive","beatporter","width=520,height=260");
if(!other){tell("the browser lets nothing through. Is `beatporter inbox` running? Else save the page and put it into the inbox.");return}
const send=message=>{if(message.source===other&&message.data==="ready"){other.postMessage(body,own);removeEventListener("message",send)}};
addEventListener("message",send)})})()"""

_PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Beatporter: inbox</title>
<style>body{font:16px/1.5 sans-serif;max-width:42em;margin:3em auto;padding:0 1em}a.mark{display:inline-block;padding:.4em 1em;
border-radius:.4em;background:#0b6;color:#fff;text-decoration:none}li.bad{color:#b00}</style></head><body>
<h1>Hand a chart over</h1>
<ol><li>Drag this into your bookmarks bar: <a class="mark" href="%(bookmarklet)s">Hand over to Beatporter</a></li>
<li>Open a chart on Beatport: a genre's Top 100 or Hype 100, the overall one, a DJ's chart, a label's tracks.</li>
<li>Click the bookmark. It sends the page's data, nothing else, to this machine, and shows what was read.</li></ol>
<p>Saved pages and JSON files can be put into <code>%(folder)s</code> instead.</p>
<h2>Recently handed over</h2><ul>%(lately)s</ul></body></html>"""

_RECEIVE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Beatporter</title></head><body>
<p id="said">Waiting for the page …</p><script nonce="%(nonce)s">
const allowed=%(origins)s,said=document.getElementById("said");
addEventListener("message",async message=>{if(!allowed.includes(message.origin)||typeof message.data!=="string")return;
try{const answer=await fetch("page",{method:"POST",headers:{"Content-Type":"application/json"},body:message.data});
said.textContent=await answer.text()}catch(problem){said.textContent="It could not be read."}});
if(window.opener)for(const origin of allowed)window.opener.postMessage("ready",origin);
else said.textContent="The browser keeps this page and Beatport's apart. Save the chart's page and put it into the inbox.";
</script></body></html>"""


def bookmarklet(at: str) -> str:
    """The bookmark's address.

    Args:
        at: the inbox's address, with its secret.
    """
    script = (_SCRIPT % {"at": json.dumps(at)}).replace("\n", "")
    return f"javascript:{quote(script, safe='')}"


def inbox_page(at: str, folder: str, lately: Sequence[tuple[str, bool]]) -> str:
    """The page that offers the bookmarklet.

    Args:
        lately: what was handed over, newest first, and whether it was accepted.
    """
    items = "".join(f"<li{'' if good else ' class=bad'}>{html.escape(said)}</li>" for said, good in lately) or "<li>nothing yet</li>"
    values = {"bookmarklet": html.escape(bookmarklet(at), quote=True), "folder": html.escape(folder), "lately": items}
    return _filled(_PAGE, values)


def receive_page(nonce: str, origins: Sequence[str]) -> str:
    """The page in a separate window that receives what the bookmarklet may not send itself."""
    return _filled(_RECEIVE, {"nonce": nonce, "origins": json.dumps(list(origins))})


def _filled(page: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        page = page.replace(f"%({name})s", value)
    return page
