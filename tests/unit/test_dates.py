"""Dates as pages write them: each string of these tables was met, or is a near relation of one that was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.extract.calendars import to_gregorian
from crawler.extract.dates import find_dates, read_date
from crawler.records import ClaimedDate

FETCHED = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)  # 14 Jumada II 1448, 3 Azar 1405


def read(
    raw: str, language: str | None = None, timezone: str | None = None, fetched_at: datetime = FETCHED
) -> ClaimedDate | None:
    return read_date(raw, provenance="text", timezone=timezone, fetched_at=fetched_at, language=language)


def told(raw: str, language: str | None = None, timezone: str | None = None) -> str | None:
    """A compact form: "2023-05-24 10:05 minute", with flags behind."""
    found = read(raw, language, timezone)
    if found is None:
        return None
    at = found.at.isoformat().replace("+00:00", "").replace("T", " ")
    at = at[:10] if found.precision in ("day", "month", "year") and at.endswith("00:00:00") else at
    return " ".join([at.removesuffix(":00") if found.precision == "minute" else at, found.precision, *found.flags])


MACHINE = [
    ("2023-05-24T10:05:00Z", "2023-05-24 10:05:00 second"),
    ("2023-05-24T10:05:00+0300", "2023-05-24 07:05:00 second"),
    ("2023-05-24T10:05:00+03:00", "2023-05-24 07:05:00 second"),
    ("2023-05-24T10:05:00+03", "2023-05-24 07:05:00 second"),
    ("2023-05-24 10:05:00 +03:00", "2023-05-24 07:05:00 second"),
    ("2023-05-24 10:05:00.000+0100", "2023-05-24 09:05:00 second"),
    ("2023-05-24T10:05:00.5Z", "2023-05-24 10:05:00.500000 second"),
    ("2023-05-24T10:05:00:684Z", "2023-05-24 10:05:00.684000 second"),
    ("2025-02-12T07:25:30.9996320Z", "2025-02-12 07:25:30.999632 second"),
    ("2020-01-10T00:59:47ZZ", "2020-01-10 00:59:47 second"),
    ("2018-11-28CET11:59:00+0100", "2018-11-28 10:59:00 second"),
    ("2022-05-11T4:10:00", "2022-05-11 04:10:00 second"),
    ("2023-05-24T10:05", "2023-05-24 10:05 minute"),
    ("2024-08-07T20:16Z", "2024-08-07 20:16 minute"),
    ("2023-05-24 10:05", "2023-05-24 10:05 minute"),
    ("Wed, 2023-05-24 10:05", "2023-05-24 10:05 minute"),
    ("2023-05-24T10:05:00-05:00[America/New_York]", "2023-05-24 15:05:00 second"),
    ("2023-05-24T24:00:00Z", "2023-05-25 00:00:00 second"),
    ("2023-05-24", "2023-05-24 day"),
    ("2023-5-4", "2023-05-04 day"),
    ("2023-05", "2023-05-01 month"),
    ("2017/01", "2017-01-01 month"),
    ("2023", "2023-01-01 year"),
    ("20230524", "2023-05-24 day"),
    ("20230524T100500Z", "2023-05-24 10:05:00 second"),
    ("20230524100500", "2023-05-24 10:05:00 second"),
    ("1684922700", "2023-05-24 10:05:00 second"),
    ("1684922700000", "2023-05-24 10:05:00 second"),
    ("/Date(1684922700000)/", "2023-05-24 10:05:00 second"),
    ("Wed, 24 May 2023 10:05:00 GMT", "2023-05-24 10:05:00 second"),
    ("Wed, 24 May 2023 10:05:00 +0300", "2023-05-24 07:05:00 second"),
    ("24 May 23 10:05:00 EDT", "2023-05-24 14:05:00 second"),
    ("Wed May 24 2023 10:05:00 GMT+0300 (East Africa Time)", "2023-05-24 07:05:00 second"),
    ("Wed May 24 10:05:00 EDT 2023", "2023-05-24 14:05:00 second"),
    ("Fri Feb 18 10:27:24 2022", "2022-02-18 10:27:24 second"),
    ("Tue Nov 19 2019 08:41:00 GMT+0000 (UTC)", "2019-11-19 08:41:00 second"),
]

WRITTEN = [
    ("May 24, 2023 10:05 AM EDT", "en", "2023-05-24 14:05 minute"),
    ("24 May 2023, 10:05 GMT", "en", "2023-05-24 10:05 minute"),
    ("Updated: May 24, 2023 at 6:21 pm", "en", "2023-05-24 18:21 minute"),
    ("May 24th, 2023", "en", "2023-05-24 day"),
    ("15:56 BST, 27 April 2024", "en", "2024-04-27 14:56 minute"),
    ("1:39\xa0am EST, Wednesday, November 20, 2019", "en", "2019-11-20 06:39 minute"),
    ("12:20pm Jan 7, 2024", "en", "2024-01-07 12:20 minute"),
    ("June 30, 2026 - 4.34pm", "en", "2026-06-30 16:34 minute"),
    ("Posted: Aug 08, 2024 4:00 AM EDT | Last Updated: August 8", "en", "2024-08-08 08:00 minute"),
    ("Nov. 18, 2019 7:04 pm ET", "en", "2019-11-19 00:04 minute"),
    ("May 24, 2023 7:04 pm ET", "en", "2023-05-24 23:04 minute"),
    ("06/01/2026 - 13:55 GMT+1", "en-GB", "2026-01-06 12:55 minute"),
    ("February 28 2024, 9:54 a.m.", "en", "2024-02-28 09:54 minute"),
    ("04 NOV 25", "en", "2025-11-04 day"),
    ("30 August 2023 • 4:45pm", "en", "2023-08-30 16:45 minute"),
    ("12:00 am May 24, 2023", "en", "2023-05-24 00:00 minute"),
    ("24-May-2023", "en", "2023-05-24 day"),
    ("Wed., May 24", "en", "2023-05-24 day relative"),
    ("Mar. 1", "en", "2026-03-01 day relative"),
    ("November 2023", "en", "2023-11-01 month"),
    ("10 am, 24 May 2023", "en", "2023-05-24 10:00:00 hour"),
    ("30/04/2024 - 16:38", "en", "2024-04-30 16:38 minute"),
    ("11/20/19 6:38 AM", "en", "2019-11-20 06:38 minute"),
    ("05/06/2023", "en-US", "2023-05-06 day"),
    ("05/06/2023", "en-GB", "2023-06-05 day"),
    ("05/06/2023", "ar", "2023-06-05 day"),
    ("05/06/2023", "fr", "2023-06-05 day"),
    ("05/06/2023", "en", "2023-05-06 day ambiguous"),
    ("05/06/2023", None, "2023-06-05 day ambiguous"),
    ("Monday 05/06/2023", None, "2023-06-05 day"),
    ("11/12/2026", "en", "2026-11-12 day"),
    ("06/07/2026", "en", "2026-06-07 day ambiguous"),
    ("12/10/2026", "en", "2026-10-12 day"),
    ("3. Mai 2024, 17:47", "de", "2024-05-03 17:47 minute"),
    ("18.07.2024, 11.08 Uhr", "de", "2024-07-18 11:08 minute"),
    ("19. Oktober 2019 um 14:37\xa0Uhr", "de", "2019-10-19 14:37 minute"),
    ("am 4. Februar 2022 um 11:23", "de", "2022-02-04 11:23 minute"),
    ("06/01/2026 - 14:02 MEZ", "de", "2026-01-06 13:02 minute"),
    ("25.4.24", "de", "2024-04-25 day"),
    ("23.\xa012.\xa02024 13:31", "cs", "2024-12-23 13:31 minute"),
    ("29.07.2020 // 12:56", "de", "2020-07-29 12:56 minute"),
    ("12. MÄR 2025 18:03", "de", "2025-03-12 18:03 minute"),
    ("19 février 2020 à 9h42", "fr", "2020-02-19 09:42 minute"),
    ("1er août 2023", "fr", "2023-08-01 day"),
    ("22/11/2024 à 09:47", "fr", "2024-11-22 09:47 minute"),
    ("4 de mayo de 2022 - 00:38", "es", "2022-05-04 00:38 minute"),
    ("15 ago 2024 - 08:22", "es", "2024-08-15 08:22 minute"),
    ("07/05/2022 20H06", "es", "2022-05-07 20:06 minute"),
    ("5 mayo, 2022, 6:12 pm", "es", "2022-05-05 18:12 minute"),
    ("Lunes,\n2\ndiciembre\n2024\n-", "es", "2024-12-02 day"),
    ("20 Novembre 2024", "it", "2024-11-20 day"),
    ("4 de maio de 2022, 05:34 h", "pt", "2022-05-04 05:34 minute"),
    ("24 Mayıs 2023 10:05", "tr", "2023-05-24 10:05 minute"),
    ("24 мая 2023, 10:05", "ru", "2023-05-24 10:05 minute"),
    ("05.08.2024, kl. 13.05", "nb", "2024-08-05 13:05 minute"),
    ("Publisert: 05.08.24 kl. 14:47", "nb", "2024-08-05 14:47 minute"),
    ("torsdag 8 januari 2026", "sv", "2026-01-08 day"),
    ("16 marca 2021", "pl", "2021-03-16 day"),
    ("2025年1月21日 20時50分", "ja", "2025-01-21 20:50 minute"),
    ("2025/1/21 20:50", "ja", "2025-01-21 20:50 minute"),
    ("2026년 1월 29일 오후 6:40", "ko", "2026-01-29 18:40 minute"),
]

ARABIC = [
    # transliterated months
    ("24 مايو 2023", "2023-05-24 day"),
    ("24 مايو 2023 10:05", "2023-05-24 10:05 minute"),
    ("الأربعاء 24 مايو 2023 - 10:05 ص", "2023-05-24 10:05 minute"),
    ("الأربعاء، 24 مايو 2023، الساعة 10:05 مساءً", "2023-05-24 22:05 minute"),
    ("آخر تحديث: الأربعاء 24 مايو 2023 الساعة 1:05 م", "2023-05-24 13:05 minute"),
    ("نشر في: 03 يونيو 2020", "2020-06-03 day"),
    ("الاثنين، 24 أغسطس 2020 09:23 ص", "2020-08-24 09:23 minute"),
    ("٢٤ مايو ٢٠٢٣", "2023-05-24 day"),
    ("٢٤ مايو ٢٠٢٣ ١٠:٠٥ م", "2023-05-24 22:05 minute"),
    ("۲۴ مايو ۲۰۲۳", "2023-05-24 day"),
    ("مايو 24, 2023", "2023-05-24 day"),
    ("مايو 2023", "2023-05-01 month"),
    ("1 أبريل 2023", "2023-04-01 day"),
    ("1 إبريل/نيسان 2023", "2023-04-01 day"),
    ("15 يوليه 2022", "2022-07-15 day"),
    ("24 مايو 2015م", "2015-05-24 day"),
    ("24 مايو 2023 ميلادي", "2023-05-24 day"),
    ("12 أكتوبر 2023 12:10 م", "2023-10-12 12:10 minute"),
    ("12 أكتوبر 2023 12:10 ص", "2023-10-12 00:10 minute"),
    ("12 أكتوبر 2023 12:30 ظهراً", "2023-10-12 12:30 minute"),
    ("12 أكتوبر 2023 9 صباحا", "2023-10-12 09:00:00 hour"),
    ("24-مايو-2023", "2023-05-24 day"),
    ("2023 مايو 24", "2023-05-24 day"),
    # Levantine
    ("3 تشرين الثاني 2023", "2023-11-03 day"),
    ("3 تشرين الأول 2023", "2023-10-03 day"),
    ("12 شباط 2022", "2022-02-12 day"),
    ("12 آذار 2022 14:30", "2022-03-12 14:30 minute"),
    ("31 كانون الأول 2021", "2021-12-31 day"),
    ("1 كانون الثاني 2022", "2022-01-01 day"),
    ("5 نيسان 2022", "2022-04-05 day"),
    ("5 أيار 2022", "2022-05-05 day"),
    ("5 حزيران 2022", "2022-06-05 day"),
    ("14 تموز 2022", "2022-07-14 day"),
    ("4 آب 2020", "2020-08-04 day"),
    ("11 أيلول 2001", "2001-09-11 day"),
    ("٣ تشرين الثّاني ٢٠٢٣", "2023-11-03 day"),
    # doubled
    ("30 يناير/ كانون الثاني 2015", "2015-01-30 day"),
    ("3 مارس/ آذار 2024", "2024-03-03 day"),
    ("26 فبراير/شباط 2024", "2024-02-26 day"),
    ("24 مارس آذار 2023", "2023-03-24 day"),
    ("24 آذار (مارس) 2023", "2023-03-24 day"),
    ("14 كانون الأول/ديسمبر 2022 - 08:15 بتوقيت غرينتش", "2022-12-14 08:15 minute"),
    ("24 آذار/أبريل 2023", None),
    # Maghrebi
    ("8 فيفري 2019", "2019-02-08 day"),
    ("12 غشت 2022", "2022-08-12 day"),
    ("12 شتنبر 2022", "2022-09-12 day"),
    ("12 نونبر 2022", "2022-11-12 day"),
    ("12 دجنبر 2022", "2022-12-12 day"),
    ("12 يوليوز 2022", "2022-07-12 day"),
    ("12 ماي 2022", "2022-05-12 day"),
    ("1 جانفي 2022", "2022-01-01 day"),
    ("3 أفريل 2022", "2022-04-03 day"),
    ("3 جوان 2022", "2022-06-03 day"),
    ("3 جويلية 2022 10:30", "2022-07-03 10:30 minute"),
    ("20 أوت 2022", "2022-08-20 day"),
    # zones
    ("24 مايو 2023 10:05 بتوقيت غرينتش", "2023-05-24 10:05 minute"),
    ("24 مايو 2023 10:05 (توقيت مكة)", "2023-05-24 07:05 minute"),
    ("24 مايو 2023 الساعة 10:05 بتوقيت مكة المكرمة", "2023-05-24 07:05 minute"),
    ("24 مايو 2023 10:05 م بتوقيت القاهرة", "2023-05-24 19:05 minute"),
    ("24 مايو 2023 10:05 GMT+3", "2023-05-24 07:05 minute"),
    ("24/05/2023 10:05", "2023-05-24 10:05 minute"),
    ("2023/05/24 10:05 ص", "2023-05-24 10:05 minute"),
    ("10:05 - 24/05/2023", "2023-05-24 10:05 minute"),
    ("٢٤/٥/٢٠٢٣", "2023-05-24 day"),
    # Hijri beside Gregorian, and alone
    ("13 رجب 1447 هـ الموافق 2 يناير 2026", "2026-01-02 day"),
    ("13 رجب 1447هـ - 2 يناير 2026م", "2026-01-02 day"),
    ("الجمعة 13 رجب 1447 هـ الموافق 2 يناير 2026 م 10:05 ص", "2026-01-02 10:05 minute"),
    ("الرياض 24 شوال 1436 هـ الموافق 09 اغسطس 2015 م واس", "2015-08-09 day"),
    ("2 يناير 2026 الموافق 13 رجب 1447", "2026-01-02 day"),
    ("13 رجب 1447 الموافق 2 يناير", "2026-01-02 day"),
    ("13 جمادى الآخرة 1448", "2026-11-23 day estimated"),
    ("١٣ جمادى الآخرة ١٤٤٨هـ", "2026-11-23 day estimated"),
    ("الاثنين 13 جمادى الثانية 1448 هـ", "2026-11-23 day estimated"),
    ("١٤٤٨/٠٦/١٣", "2026-11-23 day estimated"),
    ("١٣/٠٦/١٤٤٨", "2026-11-23 day estimated"),
    ("13-06-1448 هـ", "2026-11-23 day estimated"),
    ("1448-06-13", "2026-11-23 day estimated"),
    ("9 ذي الحجة 1444", "2023-06-27 day estimated"),
    ("1 رمضان 1445 هـ", "2024-03-11 day estimated"),
    ("1 محرم 1446", "2024-07-07 day estimated"),
    ("12 ربيع الأول 1445", "2023-09-27 day estimated"),
    ("رمضان 1445", "2024-03-11 month estimated"),
    ("27 رجب 1380 هـ", "1961-01-14 day estimated"),
    ("13 رمضان 2026", None),
    ("13 رمضان", None),
    ("32 مايو 2023", None),
    ("31 شوال 1444", None),
    ("1402/03/03", None),  # 1982 in the one calendar, 2023 in the other
    ("15 سبتمبر 1448", None),
    # relative
    ("قبل ساعتين", "2026-11-24 10:00:00 hour relative"),
    ("منذ ساعة", "2026-11-24 11:00:00 hour relative"),
    ("منذ 3 أيام", "2026-11-21 day relative"),
    ("منذ ٣ ساعات", "2026-11-24 09:00:00 hour relative"),
    ("قبل 5 دقائق", "2026-11-24 11:55 minute relative"),
    ("قبل دقيقتين", "2026-11-24 11:58 minute relative"),
    ("منذ ثلاثة أيام", "2026-11-21 day relative"),
    ("منذ يوم واحد", "2026-11-23 day relative"),
    ("قبل يومين", "2026-11-22 day relative"),
    ("قبل أسبوع", "2026-11-17 day relative"),
    ("أمس", "2026-11-23 day relative"),
    ("أمس 10:05 م", "2026-11-23 22:05 minute relative"),
    ("أول أمس", "2026-11-22 day relative"),
    ("اليوم الساعة 9:15", "2026-11-24 09:15 minute relative"),
    ("24 مايو", "2026-05-24 day relative"),
    # no date at all
    ("وكالات", None),
    ("الأحد", None),
    ("10:05 م", None),
    ("قال إن 12 مارس كان يوما عصيبا على سكان المدينة القديمة", None),
    ("", None),
]

# Printed lines as sites shape them: marks between the parts, both calendars, several digits, zones, what is no date.
PRINTED_ARABIC = [
    ("الثلاثاء ٤ آب ٢٠٢٠ - ١٨:٠٧", "2020-08-04 18:07 minute"),
    ("٢٠٢٣/٠٥/٢٤ - ١٠:٠٥ ص", "2023-05-24 10:05 minute"),
    ("2023-05-24 | 10:05 م", "2023-05-24 22:05 minute"),
    ("10:05 ص - الأربعاء 24 مايو 2023", "2023-05-24 10:05 minute"),
    ("١٠:٠٥ م ، ٢٤ مايو ٢٠٢٣", "2023-05-24 22:05 minute"),
    ("الأربعاء، ٢٤ أيار / مايو ٢٠٢٣", "2023-05-24 day"),
    ("24 مايو/أيار 2023 الساعة 22:05 مكة المكرمة", "2023-05-24 19:05 minute"),
    ("24 أيّار 2023", "2023-05-24 day"),
    ("24 مـايو 2023", "2023-05-24 day"),
    ("24\u200f/5\u200f/2023", "2023-05-24 day"),
    ("24\u200f/05\u200f/2023، 10:05 م", "2023-05-24 22:05 minute"),
    ("الاربعاء 24-05-2023 10:05", "2023-05-24 10:05 minute"),
    ("2023.05.24", "2023-05-24 day"),
    ("24.05.2023 - 10:05", "2023-05-24 10:05 minute"),
    ("24 / 5 / 2023", "2023-05-24 day"),
    ("تاريخ النشر: 24-5-2023", "2023-05-24 day"),
    ("نُشر في: الأربعاء 24 مايو 2023 - 10:05 م آخر تحديث: 25 مايو 2023", "2023-05-24 22:05 minute"),
    ("24 ماي 2023 على الساعة 10:05", "2023-05-24 10:05 minute"),
    ("24 مايو 2023 على الساعة العاشرة صباحا", "2023-05-24 day"),
    ("الأربعاء 24 مايو 2023 م الموافق 4 ذو القعدة 1444 هـ", "2023-05-24 day"),
    ("الأربعاء 04 ذو القعدة 1444هـ 24-05-2023م", "2023-05-24 day"),
    ("04/11/1444 هـ - 24/05/2023 م", "2023-05-24 day"),
    ("1444/11/04هـ", "2023-05-24 day estimated"),
    ("٤ ذي القعدة ١٤٤٤ هـ", "2023-05-24 day estimated"),
    ("4 ذو القعدة 1444هـ/24 مايو 2023م", "2023-05-24 day"),
    ("الموافق 24 مايو 2023", "2023-05-24 day"),
    ("4 ذو القعدة 1444 - 10:05 ص", "2023-05-24 10:05 minute estimated"),
    ("24 May 2023 الساعة 10:05 صباحا", "2023-05-24 10:05 minute"),
    ("مايو 24، 2023 10:05 مساء", "2023-05-24 22:05 minute"),
    ("24 يونيو حزيران 2023", "2023-06-24 day"),
    ("24 يونيه 2023", "2023-06-24 day"),
    ("3 جويلية 2023", "2023-07-03 day"),
    ("3 أوت 2023", "2023-08-03 day"),
    ("3 سبتمبر/أيلول 2023", "2023-09-03 day"),
    ("5 تشرين أول 2023", "2023-10-05 day"),
    ("5 تشرين الثاني/نوفمبر 2023", "2023-11-05 day"),
    ("5 كانون أول 2023", "2023-12-05 day"),
    ("5 ك1 2023", None),
    ("5 ت2 2023", None),
    ("5 فبراير شباط 2023", "2023-02-05 day"),
    ("5 كانون الثاني (يناير) 2023", "2023-01-05 day"),
    ("5 يناير (كانون الثاني) 2023", "2023-01-05 day"),
    ("5 شتنبر 2023", "2023-09-05 day"),
    ("5 أكتوبر 2023 11:59 ليلا", "2023-10-05 23:59 minute"),
    ("5 أكتوبر 2023 2:30 فجرا", "2023-10-05 02:30 minute"),
    ("5 أكتوبر 2023 4:30 عصرا", "2023-10-05 16:30 minute"),
    ("5 أكتوبر 2023 12:05 صباحا", "2023-10-05 00:05 minute"),
    ("5 أكتوبر 2023 10:05 بتوقيت غرينتش+3", "2023-10-05 07:05 minute"),
    ("5 أكتوبر 2023 10:05 ت.غ", "2023-10-05 10:05 minute"),
    ("5 أكتوبر 2023 10:05 (بتوقيت القدس)", "2023-10-05 07:05 minute"),
    ("5 أكتوبر 2023 - 10:05 بتوقيت أبوظبي", "2023-10-05 06:05 minute"),
    ("5 أكتوبر 2023 10:05 م بتوقيت دمشق", "2023-10-05 19:05 minute"),
    ("10:05 KSA 05 أكتوبر 2023", "2023-10-05 07:05 minute"),
    ("منذ ساعتين و 5 دقائق", "2026-11-24 09:55 minute relative"),
    ("منذ 15 دقيقة", "2026-11-24 11:45 minute relative"),
    ("قبل 3 أشهر", "2026-08-26 month relative"),
    ("منذ أسبوعين", "2026-11-10 day relative"),
    ("قبل عام", "2025-11-24 year relative"),
    ("منذ سنتين", "2024-11-24 year relative"),
    ("قبل ١١ ساعة", "2026-11-24 01:00:00 hour relative"),
    ("أمس الأول", "2026-11-22 day relative"),
    ("قبل أمس", "2026-11-22 day relative"),
    ("الآن", "2026-11-24 12:00 minute relative"),
    ("منذ لحظات", "2026-11-24 12:00 minute relative"),
    ("قبل نصف ساعة", "2026-11-24 11:30 minute relative"),
    ("منذ ربع ساعة", "2026-11-24 11:45 minute relative"),
    ("منذ يوم", "2026-11-23 day relative"),
    ("آخر تحديث منذ 3 ساعات", "2026-11-24 09:00:00 hour relative"),
    ("نشر منذ ساعة واحدة", "2026-11-24 11:00:00 hour relative"),
    ("3 ساعات مضت", "2026-11-24 09:00:00 hour relative"),
    ("قبل 23 ساعة و 15 دقيقة", "2026-11-23 12:45 minute relative"),
    ("اليوم 10:05 ص", "2026-11-24 10:05 minute relative"),
    ("مساء أمس", "2026-11-23 day relative"),
    ("أمس الساعة 10:05 مساء", "2026-11-23 22:05 minute relative"),
    ("قبل 10 أيام", "2026-11-14 day relative"),
    ("منذ احد عشر يوما", None),
    ("الأربعاء", None),
    ("الأربعاء 10:05", None),
    ("24 مايو الجاري", "2026-05-24 day relative"),
    ("1444", None),
    ("عام 1444 هـ", None),
    ("في 2023", None),
    ("رمضان 2023", None),
    ("10 رمضان", None),
    ("29 فبراير 2023", None),
    ("31 أبريل 2023", None),
    ("24/13/2023", None),
    ("مباراة 2023/2024", None),
    ("صفحة 12 من 24", None),
    ("2,023 قراءة", None),
    ("0 تعليق", None),
    ("24/5", None),
    ("حصيلة 24-5", None),
    ("1402/03/03", None),
    ("05/24/2023", "2023-05-24 day"),
    ("24 من مايو عام 2023", "2023-05-24 day"),
    ("يوم 24 مايو سنة 2023", "2023-05-24 day"),
    ("الأربعاء في 24 أيار 2023", "2023-05-24 day"),
    ("24 مايو، 2023 الساعة: 10.05 مساءً", "2023-05-24 22:05 minute"),
    ("24 مايو 2023 22h05", "2023-05-24 22:05 minute"),
    ("24 مايو 2023، 10:05 بتوقيت شرق الولايات المتحدة", "2023-05-24 14:05 minute"),
    ("الأربعاء 24 مايو 2023 06:21 م GMT", "2023-05-24 18:21 minute"),
    ("24 مايو 2023 - 18:21 GMT+2", "2023-05-24 16:21 minute"),
    ("24 مايو ٢٠٢٣ , 06:21PM", "2023-05-24 18:21 minute"),
    ("24 مايو 2023 10:05 بالتوقيت المحلي", "2023-05-24 10:05 minute"),
    ("24 مايو 2023 10:05 بتوقيت سيول", "2023-05-24 day"),
    ("24 مايو 2023 12:30 بعد منتصف الليل", "2023-05-24 00:30 minute"),
    ("24مايو2023", "2023-05-24 day"),
    ("الأربعاء24/5/2023", "2023-05-24 day"),
    ("٥:٣٠م 24/5/2023", "2023-05-24 17:30 minute"),
    ("24 مايو 2023 5:30ص", "2023-05-24 05:30 minute"),
    ("24/5/23", "2023-05-24 day"),
    ("24/05/2023م", "2023-05-24 day"),
    ("1444-11-04 هـ 24-05-2023", "2023-05-24 day"),
    ("الأربعاء ٢٤ مايو ٢٠٢٣ - ٤ ذو القعدة ١٤٤٤", "2023-05-24 day"),
    ("24 حزيران/يونيو 2023", "2023-06-24 day"),
    ("١٢ ديسمبر ٢٠٢٣، ٠٣:٥٩ غرينتش+3", "2023-12-12 00:59 minute"),
    ("May 24 2023 10:05 مساءً", "2023-05-24 22:05 minute"),
    ("24 مايو 2023 1:30 بعد الظهر", "2023-05-24 13:30 minute"),
    ("منذ 24 مايو 2023", "2023-05-24 day"),
    ("منذ 5 ساعه", "2026-11-24 07:00:00 hour relative"),
    ("24 أيار 23", "2023-05-24 day"),
    ("يوم أمس الثلاثاء", "2026-11-23 day relative"),
    ("15 شعبان 1445 - 25 فبراير", "2024-02-25 day"),
    ("١ محرّم ١٤٤٦هـ", "2024-07-07 day estimated"),
    ("1/1/1446 هـ", "2024-07-07 day estimated"),
    ("13/14/1445", None),
    ("1403-05-06 هـ ش", "2024-07-27 day"),
    ("4-11-1444هـ الموافق 24-5-2023م", "2023-05-24 day"),
    ("24 ربيع الأول", None),
    ("بعد ساعتين", None),
    ("خلال 24 ساعة", None),
    ("غدا", None),
    ("2023-24-05", None),
]

PERSIAN = [
    ("۳ خرداد ۱۴۰۲", "2023-05-24 day"),
    ("چهارشنبه ۳ خرداد ۱۴۰۲ - ۱۰:۰۵", "2023-05-24 10:05 minute"),
    ("۱۴۰۲/۰۳/۰۳", "2023-05-24 day"),
    ("1402/03/03", "2023-05-24 day"),
    ("1404-01-01", "2025-03-21 day"),
    ("۳۰ اسفند ۱۴۰۳", "2025-03-20 day"),
    ("۳۰ اسفند ۱۴۰۲", None),
    ("۳ خرداد ۱۴۰۲ ه‍.ش", "2023-05-24 day"),
    ("۲۴ مه ۲۰۲۳", "2023-05-24 day"),
]

RELATIVE = [
    ("2 hours ago", "2026-11-24 10:00:00 hour relative"),
    ("an hour ago", "2026-11-24 11:00:00 hour relative"),
    ("1h ago", "2026-11-24 11:00:00 hour relative"),
    ("39 mins ago", "2026-11-24 11:21 minute relative"),
    ("Published: 5 hours ago", "2026-11-24 07:00:00 hour relative"),
    ("1 hour 5 minutes ago", "2026-11-24 10:55 minute relative"),
    ("1 day ago", "2026-11-23 day relative"),
    ("yesterday", "2026-11-23 day relative"),
    ("just now", "2026-11-24 12:00 minute relative"),
    ("il y a 3 heures", "2026-11-24 09:00:00 hour relative"),
    ("vor 2 Tagen", "2026-11-22 day relative"),
    ("Heute, 09:34 Uhr", "2026-11-24 09:34 minute relative"),
    ("včera 14:40", "2026-11-23 14:40 minute relative"),
    ("hace 2 horas", "2026-11-24 10:00:00 hour relative"),
    ("2 saat önce", "2026-11-24 10:00:00 hour relative"),
    ("2 часа назад", "2026-11-24 10:00:00 hour relative"),
]

NONSENSE = [
    "0000-00-00 00:00:00",
    "0001-01-01 00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2023-02-30",
    "2023-13-01T10:00:00Z",
    "2023-05-24T10:05:00+25:00",
    "2030-01-01",
    "2026-11-27T12:00:01Z",
    "F209885CB67483E328902B765AF126C5",
    "140961138903",
    "1125597921.13.103.0",
    "PT50M55S",
    "https://www.example.org/2023/05/24/story",
    "Published",
    "12:43",
    "4:11",
    "Monday 10:00PM",
    "2 Monaten",
    "{{ createdAt }}",
    "AIME202004070-M193075",
    "Mo - So von 08 - 20 Uhr",
    "90000000000000 years ago",
]


@pytest.mark.parametrize(("raw", "expected"), MACHINE)
def test_machine_forms_are_read_however_sloppy(raw: str, expected: str) -> None:
    assert told(raw) == expected


@pytest.mark.parametrize(("raw", "language", "expected"), WRITTEN)
def test_dates_in_words_are_read_in_many_languages(raw: str, language: str | None, expected: str | None) -> None:
    if raw == "Wed., May 24":  # its year is the last in which 24 May was a Wednesday
        assert datetime(2023, 5, 24, tzinfo=UTC).weekday() == 2
    assert told(raw, language) == expected


@pytest.mark.parametrize(("raw", "expected"), ARABIC)
def test_arabic_dates_are_read_right_or_not_at_all(raw: str, expected: str | None) -> None:
    assert told(raw, "ar") == expected


@pytest.mark.parametrize(("raw", "expected"), PRINTED_ARABIC)
def test_printed_arabic_date_lines_are_read_right_or_not_at_all(raw: str, expected: str | None) -> None:
    assert told(raw, "ar") == expected


@pytest.mark.parametrize(("raw", "expected"), PERSIAN)
def test_persian_solar_years_are_never_read_as_hijri(raw: str, expected: str | None) -> None:
    assert told(raw, "fa") == expected


@pytest.mark.parametrize(("raw", "expected"), RELATIVE)
def test_relative_dates_count_back_from_the_fetch(raw: str, expected: str) -> None:
    assert told(raw) == expected


@pytest.mark.parametrize("raw", NONSENSE)
def test_what_is_no_date_or_out_of_bounds_is_none(raw: str) -> None:
    assert read(raw) is None


def test_a_written_zone_wins_over_the_source_zone() -> None:
    found = read("2023-05-24T10:05:00+03:00", timezone="America/New_York")
    assert found is not None
    assert (found.zone, found.zone_assumed) == ("+03:00", False)
    named = read("24 مايو 2023 10:05 بتوقيت بيروت", "ar", "Asia/Riyadh")
    assert named is not None
    assert (named.zone, named.zone_assumed) == ("Asia/Beirut", False)


def test_without_a_zone_the_source_zone_is_assumed_and_said() -> None:
    found = read("2023-05-24 10:05", timezone="Asia/Riyadh")
    assert found is not None
    assert (found.at, found.zone, found.zone_assumed) == (
        datetime(2023, 5, 24, 7, 5, tzinfo=UTC),
        "Asia/Riyadh",
        True,
    )


@pytest.mark.parametrize("timezone", [None, "Mars/Olympus", "../etc/passwd", ""])
def test_without_any_zone_utc_is_assumed_and_none_is_named(timezone: str | None) -> None:
    found = read("2023-05-24 10:05", timezone=timezone)
    assert found is not None
    assert (found.at.hour, found.zone, found.zone_assumed) == (10, None, True)


def test_a_day_is_midnight_in_the_source_zone() -> None:
    found = read("24 مايو 2023", "ar", "Asia/Riyadh")
    assert found is not None
    assert (found.at, found.precision) == (datetime(2023, 5, 23, 21, 0, tzinfo=UTC), "day")


def test_raw_string_and_provenance_are_kept_as_given() -> None:
    found = read_date(
        "  24 مايو ٢٠٢٣ \n", provenance="meta:article:published_time", timezone=None, fetched_at=FETCHED, language="ar"
    )
    assert found is not None
    assert (found.raw, found.provenance) == ("  24 مايو ٢٠٢٣ \n", "meta:article:published_time")


def test_yesterday_is_a_day_of_the_source_zone() -> None:
    late = datetime(2026, 11, 24, 22, 30, tzinfo=UTC)  # the 25th in Riyadh
    found = read("أمس", "ar", "Asia/Riyadh", late)
    assert found is not None
    assert found.at == datetime(2026, 11, 23, 21, 0, tzinfo=UTC)


def test_old_archives_are_within_bounds() -> None:
    assert told("1851-09-18") == "1851-09-18 day"
    assert told("1799-12-31") is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("برلين - (أ ف ب) | Tuesday, 11 August 2015 - 13:07", ("Tuesday, 11 August 2015 - 13:07",)),
        ("By Jane Doe | May 24, 2023 10:05 AM EDT", ("May 24, 2023 10:05 AM EDT",)),
        ("كتب: حسام أبو العلا الأربعاء، 24 مايو 2023 10:05 ص", ("الأربعاء، 24 مايو 2023 10:05 ص",)),
        ("13 رجب 1447 هـ الموافق 2 يناير 2026 م - الرياض", ("13 رجب 1447 هـ الموافق 2 يناير 2026 م",)),
        ("Published 2 hours ago by Staff", ("2 hours ago",)),
        ("May 24, 2023 | Updated May 25, 2023", ("May 24, 2023", "May 25, 2023")),
        ("حسام أبو العلا - القاهرة", ()),
        ("12:43", ()),
    ],
)
def test_dates_are_found_in_a_byline_as_written(line: str, expected: tuple[str, ...]) -> None:
    assert find_dates(line) == expected


def test_solar_leap_years_follow_the_equinox() -> None:
    assert str(to_gregorian("solar", 1403, 1, 1)) == "2024-03-20"
    assert str(to_gregorian("solar", 1357, 11, 22)) == "1979-02-11"
    assert to_gregorian("solar", 1402, 12, 30) is None


@given(st.text(max_size=80))
def test_any_text_is_survived(raw: str) -> None:
    found = read(raw)
    assert found is None or found.at <= FETCHED + timedelta(days=2)
    for piece in find_dates(raw):
        assert piece in raw


@given(st.datetimes(datetime(1900, 1, 1), datetime(2026, 11, 24)), st.sampled_from(["ar", "en", "de", None]))  # noqa: DTZ001
def test_iso_is_read_exactly_whatever_the_language(moment: datetime, language: str | None) -> None:
    found = read(moment.isoformat(), language)
    assert found is not None
    assert found.at == moment.replace(tzinfo=UTC)


@given(st.dates(datetime(1930, 1, 1).date(), datetime(2026, 11, 24).date()))  # noqa: DTZ001
def test_every_hijri_day_comes_back_to_its_gregorian_day(day) -> None:  # type: ignore[no-untyped-def]
    from hijridate import Gregorian

    hijri = Gregorian.fromdate(day).to_hijri()
    if hijri.year >= 1421:
        assert told(f"{hijri.year}/{hijri.month:02}/{hijri.day:02}", "ar") == f"{day} day estimated"
    assert to_gregorian("hijri", hijri.year, hijri.month, hijri.day) == day
