"""Who is notified, and how: contact points, policies and message templates, as provisioning files.

Addresses and secrets come from Grafana's environment. Which ways are used is set there too: CALLFUNNEL_ALERT_HEAD and
CALLFUNNEL_ALERT_OPERATIONS name the contact point of each: callfunnel-email, -telegram, -slack or -webhook.
"""

from __future__ import annotations

import re
from typing import Any

from schemas.alerts import Urgency
from schemas.screens.translations import LANGUAGES
from schemas.screens.translations.alerts import alert_texts

Json = dict[str, Any]

LANGUAGE = "$CALLFUNNEL_ALERT_LANGUAGE"
"""ru or en."""


def _named(part: str) -> str:
    return f'{{{{ template "callfunnel.{LANGUAGE}.{part}" . }}}}'


CONTACTS: tuple[tuple[str, Json], ...] = (
    ("email", {"addresses": "$CALLFUNNEL_ALERT_EMAIL", "subject": _named("title"), "message": _named("text")}),
    (
        "telegram",
        {
            "bottoken": "$CALLFUNNEL_ALERT_TELEGRAM_TOKEN",
            "chatid": "$CALLFUNNEL_ALERT_TELEGRAM_CHAT",
            "parse_mode": "None",
            "message": _named("text"),
        },
    ),
    ("slack", {"url": "$CALLFUNNEL_ALERT_SLACK_URL", "title": _named("title"), "text": _named("text")}),
    (
        "webhook",
        {
            "url": "$CALLFUNNEL_ALERT_WEBHOOK_URL",
            "httpMethod": "POST",
            "authorization_scheme": "Bearer",
            "authorization_credentials": "$CALLFUNNEL_ALERT_WEBHOOK_TOKEN",
            "title": _named("title"),
            "message": _named("text"),
        },
    ),
)
"""Kind -> settings, in Grafana's names."""

VARIABLES = (
    *("CALLFUNNEL_ALERT_LANGUAGE", "CALLFUNNEL_ALERT_HEAD", "CALLFUNNEL_ALERT_OPERATIONS", "CALLFUNNEL_ALERT_EMAIL"),
    *("CALLFUNNEL_ALERT_TELEGRAM_TOKEN", "CALLFUNNEL_ALERT_TELEGRAM_CHAT", "CALLFUNNEL_ALERT_SLACK_URL"),
    *("CALLFUNNEL_ALERT_WEBHOOK_URL", "CALLFUNNEL_ALERT_WEBHOOK_TOKEN"),
)
"""Of Grafana's environment. All must have a value, be it of a way that is not used: Grafana refuses empty settings."""


def contact_points() -> Json:
    points = [
        {
            "orgId": 1,
            "name": f"callfunnel-{kind}",
            "receivers": [
                {"uid": f"callfunnel-{kind}", "type": kind, "disableResolveMessage": False, "settings": settings}
            ],
        }
        for kind, settings in CONTACTS
    ]
    return {"apiVersion": 1, "contactPoints": points}


def policies() -> Json:
    """The whole tree: Grafana has one, and this file replaces it. What is not ours goes to the head, too."""
    head = f"$CALLFUNNEL_ALERT_{Urgency.HEAD.name}"
    routes = [
        {
            "receiver": f"$CALLFUNNEL_ALERT_{urgency.name}",
            "object_matchers": [["callfunnel", "=", urgency.value]],
            # One message a rule, however many managers it is about.
            "group_by": ["rule"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "24h",
        }
        for urgency in Urgency
    ]
    return {"apiVersion": 1, "policies": [{"orgId": 1, "receiver": head, "group_by": ["rule"], "routes": routes}]}


def templates() -> Json:
    made = [{"orgId": 1, "name": f"callfunnel.{language}", "template": _template(language)} for language in LANGUAGES]
    return {"apiVersion": 1, "templates": made}


# Alerts that are not ours come here too, by the policy: they have a name, and perhaps a summary.
_TEMPLATE = """\
{{ define "callfunnel.[language].title" -}}
{{ if eq .Status "firing" }}[firing]{{ else }}[resolved]{{ end }}: {{ with .CommonAnnotations.title_[language] -}}
{{ . }}{{ else }}{{ .CommonLabels.alertname }}{{ end -}}
{{ if gt (len .Alerts.Firing) 1 }} ({{ len .Alerts.Firing }}){{ end }}{{ end }}
{{ define "callfunnel.[language].summary" -}}
{{ with .Annotations.summary_[language] }}{{ . }}{{ else }}{{ .Labels.alertname }}: {{ .Annotations.summary }}{{ end -}}
{{ end }}
{{ define "callfunnel.[language].text" }}{{ template "callfunnel.[language].title" . }}
{{ range .Alerts.Firing }}
{{ template "callfunnel.[language].summary" . }}
{{ with .Annotations.description_[language] }}{{ . }}
{{ end }}{{ with .Annotations.board_[language] -}}
[look]: {{ $.ExternalURL }}{{ if not (match "/$" $.ExternalURL) }}/{{ end }}{{ . }}
{{ end }}{{ end }}{{ range .Alerts.Resolved }}
[resolved]: {{ template "callfunnel.[language].summary" . }}
{{ end }}{{ end }}
"""


def _template(language: str) -> str:
    phrases = {**alert_texts(language).phrases, "language": language}
    return re.sub(r"\[(\w+)\]", lambda found: phrases[found[1]], _TEMPLATE)
