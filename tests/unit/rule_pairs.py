"""For each rule of structure.toml a page with a line that it takes, and a near twin with one that it must leave."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from crawler.records import Page, SiteRules

ENGLISH = (
    "The harbour board met for three hours on Monday and agreed to publish its report before the summer is out.",
    "Its chairman said the delay had been nobody's fault, and that the papers were being read for a second time.",
    "Two members voted against, and one left the room before the count and did not come back until Tuesday.",
    "The report runs to ninety pages and names four firms that were paid for work which nobody can find today.",
)
ARABIC = (
    "اجتمع مجلس الميناء ثلاث ساعات يوم الاثنين واتفق أعضاؤه على نشر التقرير كاملا قبل أن ينتهي فصل الصيف.",
    "وقال رئيس المجلس إن التأخير لم يكن ذنب أحد من الموظفين وإن الأوراق تقرأ الآن مرة ثانية بعناية أكبر.",
    "وصوت عضوان ضد القرار وخرج ثالث من القاعة قبل عد الأصوات ولم يعد إليها إلا في صباح يوم الثلاثاء.",
    "ويقع التقرير في تسعين صفحة ويسمي أربع شركات تقاضت أجرا عن أعمال لا يجد لها أحد أثرا حتى اليوم.",
)
TITLES = {"en": "Harbour board to publish its report", "ar": "مجلس الميناء يقرر نشر تقريره كاملا"}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A page and the line that it is about. The parts stand above the text, between its paragraphs and below it."""

    line: str
    above: str = ""
    within: str = ""
    below: str = ""
    top: str = ""  # before the headline
    head: str = ""  # in the page's head
    lang: str = "en"
    host_lines: frozenset[str] = frozenset()
    rules: SiteRules = field(default_factory=SiteRules)

    def page(self) -> Page:
        one, two, three, four = (f"<p>{text}</p>" for text in (ARABIC if self.lang == "ar" else ENGLISH))
        title = TITLES[self.lang]
        html = (
            f'<html lang="{self.lang}"><head><meta charset="utf-8"><title>{title}</title>{self.head}</head><body>'
            f'{self.top}<article><h1>{title}</h1><div class="story">{self.above}{one}{two}{self.within}{three}{four}'
            f"{self.below}</div></article></body></html>"
        )
        return Page(
            url="https://gazette.example/news/harbour-board-to-publish-report",
            body=html.encode(),
            content_type="text/html; charset=utf-8",
            fetched_at=datetime(2024, 6, 1, 12, tzinfo=UTC),
            rules=self.rules,
            host_lines=self.host_lines,
        )


@dataclass(frozen=True, kw_only=True)
class Pair:
    """What a rule takes, and its near twin."""

    takes: Shown
    leaves: Shown


LEARNED = frozenset({"ring the newsroom 555 0100"})
NAMED = SiteRules(body="div.story")
PATTERN = SiteRules(remove_lines=(r"Tip line [\d ]+",))
AUTHOR = '<meta name="author" content="{}">'
MORE = "<p>The firms have been asked to answer by letter, and have until the end of the month to do so.</p>"
BIO = "Nora Finch is a reporter of ours in the harbour and has written about ships and the men who own them since 2009."
ASIDE = "تصل نشرة الميناء إلى بريدك كل صباح جمعة وفيها مواعيد السفن."
SITE = '<meta property="og:site_name" content="{}">'


def stated(*paragraphs: str) -> str:
    """JSON-LD with these paragraphs as the article's body."""
    node = {"@type": "NewsArticle", "articleBody": "\n".join(paragraphs)}
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


def box(name: str, text: str) -> str:
    """A division of that class with one paragraph."""
    return f'<div class="{name}"><p>{text}</p></div>'


def _wrap(element: str, line: str) -> str:
    tag, _, name = element.partition(".")
    return f'<{tag} class="{name}"><p>{line}</p></{tag}>'


def region(element: str, twin: str, line: str, *, lang: str = "en") -> Pair:
    """A line in that element below the text, and the same line in one whose name only resembles it.

    Both are `tag` or `tag.class`. The source names its body, as trafilatura would not hand such regions over.
    """
    return Pair(
        takes=Shown(line=line, below=_wrap(element, line), lang=lang, rules=NAMED),
        leaves=Shown(line=line, below=_wrap(twin, line), lang=lang, rules=NAMED),
    )


PAIRS: dict[str, Pair] = {
    "site-line": Pair(
        takes=Shown(line="Tip line 555 0100", below="<p>Tip line 555 0100</p>", rules=PATTERN),
        leaves=Shown(
            line="Tip line 555 0100 rang all night.", below="<p>Tip line 555 0100 rang all night.</p>", rules=PATTERN
        ),
    ),
    "host-line": Pair(
        takes=Shown(
            line="Ring the newsroom: 555 0100",
            below="<p>Ring the newsroom: 555 0100</p>",
            host_lines=LEARNED,
        ),
        leaves=Shown(
            line="Ring the newsroom: 555 0199",
            below="<p>Ring the newsroom: 555 0199</p>",
            host_lines=LEARNED,
        ),
    ),
    "title-echo": Pair(
        takes=Shown(line=TITLES["ar"], below=f"<p>{TITLES['ar']}</p>", lang="ar"),
        leaves=Shown(line=TITLES["ar"] + " غدا", below=f"<p>{TITLES['ar']} غدا</p>", lang="ar"),
    ),
    "site-or-section-name": Pair(
        takes=Shown(line="The Gazette", above="<p>The Gazette</p>", head=SITE.format("The Gazette")),
        leaves=Shown(line="The Gazette", within="<p>The Gazette</p>", below=MORE, head=SITE.format("The Gazette")),
    ),
    "symbols-only": Pair(
        takes=Shown(line="* * *", within="<p>* * *</p>", lang="ar"),
        leaves=Shown(line="* أولا *", within="<p>* أولا *</p>", lang="ar"),
    ),
    "caption": Pair(
        takes=Shown(
            line="The harbour on Monday morning.",
            within="<figure><img src='a.jpg'><figcaption>The harbour on Monday morning.</figcaption></figure>",
            rules=NAMED,
        ),
        leaves=Shown(
            line="The harbour on Monday morning.", within="<p>The harbour on Monday morning.</p>", rules=NAMED
        ),
    ),
    "caption-credit": Pair(
        takes=Shown(line="جانب من الميناء (أ ف ب)", within="<p>جانب من الميناء (أ ف ب)</p>", lang="ar"),
        leaves=Shown(line="وينشر الباقي غدا. (أ ف ب)", below="<p>وينشر الباقي غدا. (أ ف ب)</p>", lang="ar"),
    ),
    "info-line": Pair(
        takes=Shown(
            line="البريد | 23/11/2023 | عدد القراءات: 318",
            above="<p>البريد | 23/11/2023 | عدد القراءات: 318</p>",
            lang="ar",
        ),
        leaves=Shown(
            line="البريد | 23/11/2023 | عدد الأصوات: 318",
            above="<p>البريد | 23/11/2023 | عدد الأصوات: 318</p>",
            lang="ar",
        ),
    ),
    "agency-line": Pair(
        takes=Shown(line="كونا", below="<p>كونا</p>", lang="ar"),
        leaves=Shown(line="كوناكري", below="<p>كوناكري</p>", lang="ar"),
    ),
    "byline": Pair(
        takes=Shown(line="By Nora Finch", above="<p>By Nora Finch</p>", head=AUTHOR.format("Nora Finch")),
        leaves=Shown(line="By Nora Quill", above="<p>By Nora Quill</p>", head=AUTHOR.format("Ada Moss")),
    ),
    "date-line": Pair(
        takes=Shown(line="الخميس 30 مايو 2024", above="<p>الخميس 30 مايو 2024</p>", lang="ar"),
        leaves=Shown(line="الخميس 30 سفينة", above="<p>الخميس 30 سفينة</p>", lang="ar"),
    ),
    "link-line": Pair(
        takes=Shown(
            line="Storm shuts the coast road",
            within='<p><a href="/storm">Storm shuts the coast road</a></p>',
            rules=NAMED,
        ),
        leaves=Shown(
            line="Storm shuts the coast road, wrote the harbour master.",
            within='<p><a href="/storm">Storm shuts</a> the coast road, wrote the harbour master.</p>',
            rules=NAMED,
        ),
    ),
    "standfirst": Pair(
        takes=Shown(
            line="How a report on the harbour was lost, found and lost again",
            above=box("standfirst", "How a report on the harbour was lost, found and lost again"),
        ),
        leaves=Shown(
            line="How a report on the harbour was lost, found and lost again",
            within=box("note", "How a report on the harbour was lost, found and lost again"),
        ),
    ),
    "region-header": Pair(
        takes=Shown(
            line="A paper of the harbour since 1901",
            top="<header><p>A paper of the harbour since 1901</p></header>",
            rules=SiteRules(body="body"),
        ),
        leaves=Shown(
            line="A paper of the harbour since 1901",
            within="<header><p>A paper of the harbour since 1901</p></header>",
            rules=SiteRules(body="body"),
        ),
    ),
    "region-nav": region("div.breadcrumb", "div.bread", "Ports and shipping this week"),
    "region-related": region("div.related", "div.correlated", "عاصفة تغلق طريق الساحل يوما كاملا", lang="ar"),
    "region-share": region("div.share", "div.shareholders", "أرسل هذا التقرير إلى صديق", lang="ar"),
    "region-newsletter": region("div.newsletter", "div.newsroom", "A letter from the harbour every Friday"),
    "region-comments": region("div.comments", "div.commentary", "رأيت السفينة بنفسي في تلك الليلة", lang="ar"),
    "region-form": region("form", "div.form", "The name of your ship"),
    "region-button": region("button", "div.buttoned", "Hear this report"),
    "region-footer": region("footer", "div.footnote", "تطبع في الميناء منذ عام 1901", lang="ar"),
    "region-ad": region("div.post-ad", "div.ad-hoc", "قوارب للبيع بنصف الثمن", lang="ar"),
    "region-legal": region("div.legal", "div.legal-affairs", "The board answers for no error"),
    "region-tags": region("div.post-tags", "div.tag-harbour", "موانئ ومجالس", lang="ar"),
    "region-aside": region("aside", "div.beside", "The board in figures: nine members"),
    "region-hidden": region("div.sr-only", "div.hidden-harbour", "لمن يسمع الصفحة ولا يراها", lang="ar"),
    "region-author": region("div.author", "div.author-led", "رئيسة قسم الشؤون البحرية", lang="ar"),
    "region-paywall": region("div.paywall", "div.wall", "Nine weeks for nine shillings"),
    "pull-quote": Pair(
        takes=Shown(
            line="ويسمي أربع شركات تقاضت أجرا عن أعمال",
            within="<blockquote>ويسمي أربع شركات تقاضت أجرا عن أعمال</blockquote>",
            lang="ar",
            rules=NAMED,
        ),
        leaves=Shown(
            line="ويسمي خمس شركات تقاضت أجرا عن أعمال",
            within="<blockquote>ويسمي خمس شركات تقاضت أجرا عن أعمال</blockquote>",
            lang="ar",
            rules=NAMED,
        ),
    ),
    "next-story": Pair(
        takes=Shown(line="Storm shuts the coast road", below=f"<div><h1>Storm shuts the coast road</h1>{MORE}</div>"),
        leaves=Shown(line="What the report says", below=f"<h1>What the report says</h1>{MORE}"),
    ),
    "bare-heading": Pair(
        takes=Shown(line="مزيد من أخبار الميناء", below="<h2>مزيد من أخبار الميناء</h2>", lang="ar", rules=NAMED),
        leaves=Shown(line="What comes next", below=f"<h2>What comes next</h2>{MORE}", rules=NAMED),
    ),
    "author-bio": Pair(
        takes=Shown(line=BIO, below=f"<p>{BIO}</p>", head=AUTHOR.format("Nora Finch")),
        leaves=Shown(line=BIO, below=f"<p>{BIO}</p>", head=AUTHOR.format("Ada Moss")),
    ),
    "unwitnessed": Pair(
        takes=Shown(line=ASIDE, within=box("inset", ASIDE), head=stated(*ARABIC), lang="ar"),
        leaves=Shown(line=ASIDE, within=box("inset", ASIDE), head=stated(*ARABIC, ASIDE), lang="ar"),
    ),
    "region-meta": region("div.post-meta", "div.meta-study", "Number four of the week"),
}
