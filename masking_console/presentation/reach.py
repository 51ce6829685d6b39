"""Words on the way to Plivo: why it ended, what was ignored, what a report found."""

from datetime import timedelta

from masking_console.models.reach import (
    CertificateFault,
    ConnectionReport,
    Obstacle,
    ProxyPlace,
    SettingFault,
    ShownCertificate,
    Unreached,
    UnusableSetting,
)

_CLOCK_IS_RIGHT = timedelta(seconds=5)
"""A clock that differs by less is not spoken of."""

_SETTINGS = {
    SettingFault.NO_HOST: "it names no host",
    SettingFault.PORT: "its port is no number from 1 to 65535",
    SettingFault.ADDRESS: "its host is no name and no address; IPv6 stands in [ ]",
    SettingFault.CHARACTERS: (
        "write / ? # \\ in a password as %2F %3F %23 %5C, and nothing behind the port"
    ),
    SettingFault.KIND: "use http://, https://, socks5:// or socks5h://",
    SettingFault.NEEDS_SOCKS: (
        "a SOCKS proxy needs one more package: pip install 'masking-console[socks]'"
    ),
    SettingFault.NO_FILE: "there is no file that can be read",
    SettingFault.NO_FOLDER: "there is no such folder",
    SettingFault.NO_CERTIFICATES: "there are no certificates in the file",
    SettingFault.EMPTY_STORE: (
        "it is empty or damaged; install ca-certificates, or set SSL_CERT_FILE"
    ),
}
_REFUSED = {
    CertificateFault.EXPIRED: "it has expired",
    CertificateFault.NOT_YET_VALID: "it is not valid yet",
    CertificateFault.OTHER_HOST: "it is for another host",
    CertificateFault.SELF_SIGNED: "it is self-signed",
    CertificateFault.UNKNOWN_ISSUER: "its issuer is not trusted",
    CertificateFault.AGAINST_THE_RULES: "it or its issuer's is not made by the rules",
    CertificateFault.REVOKED: "it was revoked",
    CertificateFault.OTHER: "it is not trusted",
}


def reach_words(unreached: Unreached) -> str:
    """Return why Plivo was not reached, as a part of a sentence."""
    if unreached.setting is not None:
        return unusable_words(unreached.setting)
    proxy, host = unreached.proxy, str(unreached.host)
    who = _proxy_words(proxy) if proxy and unreached.is_at_proxy else host
    words = _words(unreached, who)
    if proxy is not None and not unreached.is_at_proxy:
        words += f", through {_proxy_words(proxy)}"
    return words


def short_words(unreached: Unreached) -> str:
    """Return the same in a few words, for the line at the top."""
    if unreached.setting is not None:
        return f"{unreached.setting.variable} cannot be used"
    words = unreached.obstacle.value
    if unreached.refused is not None:
        words = f"certificate {unreached.refused.value}"
    if unreached.is_at_proxy and "proxy" not in words:
        return f"proxy: {words}"
    return words


def unusable_words(setting: UnusableSetting) -> str:
    """Return why a variable cannot be used, and what to do, as a part of a sentence."""
    part = f" ({setting.part})" if setting.part else ""
    return f"{setting.variable}{part} cannot be used: {_SETTINGS[setting.fault]}"


def ignored_words(setting: UnusableSetting) -> str:
    """Return the sentence on a variable that is passed over."""
    part = f" ({setting.part})" if setting.part else ""
    return f"{setting.variable}{part} is ignored: {_SETTINGS[setting.fault]}."


def _words(unreached: Unreached, who: str) -> str:
    obstacle, host = unreached.obstacle, unreached.host
    if obstacle is Obstacle.CERTIFICATE:
        return _certificate_words(unreached, who)
    status = f" (answered {unreached.status})" if unreached.status else ""
    has_login = unreached.proxy is not None and unreached.proxy.has_login
    asks = "refuses its" if has_login else "wants a"
    return {
        Obstacle.TLS: f"{who} speaks no TLS that is accepted here",
        Obstacle.NAME: f"the name of {who} was not found"
        if unreached.is_at_proxy
        else f"the name {who} was not found",
        Obstacle.REFUSED: f"{who} refused the connection",
        Obstacle.TIME: f"no connection to {who} in time",
        Obstacle.NETWORK: f"there is no way to the network of {who}",
        Obstacle.BROKEN: f"{who} broke the connection off",
        Obstacle.PASSWORD: f"{who} {asks} user name and password{status}",
        Obstacle.DECLINED: f"{who} makes no connection to {host}{status}",
        Obstacle.NO_PROXY: f"{who} does not answer as a proxy",
    }.get(obstacle, f"no connection to {who}")


def _proxy_words(proxy: ProxyPlace) -> str:
    """Return a proxy's host, and what named it; a port could pass for a number."""
    return f"the proxy {proxy.host} ({proxy.variable})"


def _certificate_words(unreached: Unreached, who: str) -> str:
    fault = unreached.refused or CertificateFault.OTHER
    words = f"the certificate of {who} is refused: {_REFUSED[fault]}"
    shown = unreached.certificate or ShownCertificate()
    if fault is CertificateFault.EXPIRED and shown.until:
        words += f" on {shown.until:%Y-%m-%d}"
    elif fault is CertificateFault.NOT_YET_VALID and shown.since:
        words += f", but from {shown.since:%Y-%m-%d} on"
    elif fault is CertificateFault.OTHER_HOST and shown.hosts:
        words += f", {shown.hosts[0]}"
    elif fault is CertificateFault.AGAINST_THE_RULES and unreached.said:
        words += f" ({unreached.said})"
    if shown.issuer:
        words += f"; issued by {shown.issuer}"
    trusted = " and ".join(unreached.trust)
    return (
        f"{words}; only the certificates of {trusted} are trusted" if trusted else words
    )


def report_lines(report: ConnectionReport) -> tuple[tuple[str, str], ...]:
    """Return what an examination has found: labels, and the words on each."""
    whose = "" if report.is_plivos else " (not Plivo's)"
    lines = [("base URL", f"{report.api_url}{whose}"), ("proxy", _proxy_line(report))]
    lines += [("ignored", ignored_words(setting)) for setting in report.ignored]
    trust = " and ".join(report.trust)
    lines += [
        (
            "trusts",
            f"certificates of {trust}" if trust else "what this computer trusts",
        ),
        ("address", ", ".join(report.addresses) or "not found"),
        ("answer", _answer_line(report)),
    ]
    certificate = report.certificate
    if certificate is not None:
        until = f", until {certificate.until:%Y-%m-%d}" if certificate.until else ""
        lines.append(("certificate", f"issued by {certificate.issuer}{until}"))
    if report.clock_ahead is not None:
        lines.append(("clock", _clock_words(report.clock_ahead)))
    return tuple(lines)


def _proxy_line(report: ConnectionReport) -> str:
    proxy = report.proxy
    if proxy is None:
        return "none"
    host = f"[{proxy.host}]" if ":" in proxy.host else proxy.host
    login = ", with user name and password" if proxy.has_login else ""
    return f"{proxy.kind}://{host}:{proxy.port}, from {proxy.variable}{login}"


def _answer_line(report: ConnectionReport) -> str:
    if report.unreached is not None:
        words = reach_words(report.unreached)
        return f"none after {report.elapsed_ms} ms: {words}"
    if report.status is None:
        return f"none after {report.elapsed_ms} ms: the connection broke"
    return f"{report.status} after {report.elapsed_ms} ms"


def _clock_words(ahead: timedelta) -> str:
    if abs(ahead) < _CLOCK_IS_RIGHT:
        return "as the answer's"
    which = "ahead of" if ahead > timedelta() else "behind"
    return f"{abs(round(ahead.total_seconds()))} s {which} the answer's"
