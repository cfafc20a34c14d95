"""What a mark calls a database: what answered, and never a service that did not."""

from collections.abc import Iterable, Sequence

from crossnotes import ranges
from crossnotes.results import Mark
from crossnotes.sphinxext.messages import _
from crossnotes.targets import Where, every_target

#: Between a product and a bound of a range.
_SIGNS = {">=": " ≥ ", "<=": " ≤ ", "==": " ", "@": " ", ">": " > ", "<": " < "}


def had(where: Where) -> str:
    """What is said below a deployment's name of a server that stands for it without being it; ""
    where it is what its name says."""
    if not where.contract:
        return ""
    return str(
        _("started with its contract") if _is_ours(where) else _("a cluster with its contract")
    )


def how(target: str, where: Where) -> str:
    """How a server was had, in words: one that only stands for a service says that it is not it."""
    texts = {
        "built in": _("in Python itself"),
        "started": _("a server that the run started"),
        "container": _("a server that the run started, in a container"),
        "external": _("a server that was there"),
        "cloud": _("the vendor's cloud"),
    }
    found = str(texts.get(where.kind, ""))
    if where.kind == "cloud":
        found = every_target()[target].cloud or found
    if where.store:
        found += str(_(", which keeps its data in {store}")).format(store=where.store)
    if where.contract and (cloud := every_target()[target].cloud):
        found += str(_(", with what {cloud} demands of a client; it is not {cloud}")).format(
            cloud=cloud
        )
    return found


def listed(products: Iterable[tuple[str, Iterable[str]]]) -> str:
    """Databases, each with its versions: `MySQL 8.0.12, 9.7.4; SQLite 3.40.1`."""
    found = [(label, [each for each in versions if each]) for label, versions in products]
    texts = [_with_versions(label, versions) for label, versions in found]
    return _listed(texts, any(len(versions) > 1 for _label, versions in found))


def names(marks: Sequence[Mark]) -> str:
    """The databases of marks, each with its versions: `MySQL 8.0.12, 9.7.4; TiDB v8.5.3, started
    with the contract of Serverless`."""
    versions: dict[str, list[str]] = {}
    # The deployments that a TiDB of one version stood for.
    contracts: dict[tuple[str, str, bool], list[str]] = {}
    for mark in marks:
        product, _blank, deployment = mark.label.partition(" ")
        if mark.where.contract:
            key = (product, mark.version, _is_ours(mark.where))
            contracts.setdefault(key, []).append(deployment)
            continue
        cloud = every_target()[mark.target].cloud if mark.where.kind == "cloud" else ""
        versions.setdefault(cloud or mark.label, []).append(mark.version)
    named = [_with_versions(label, found) for label, found in versions.items()]
    named += [_with_contract(*key, found) for key, found in contracts.items()]
    return _listed(named, any(len(set(found)) > 1 for found in versions.values()) or contracts)


def _is_ours(where: Where) -> bool:
    return where.kind in ("started", "container")


def _with_versions(label: str, versions: Iterable[str]) -> str:
    return f"{label} {_listed(dict.fromkeys(filter(None, versions)), False)}".strip()


def _with_contract(product: str, version: str, ours: bool, deployments: Iterable[str]) -> str:
    if ours:
        text = _("{database}, started with the contract of {deployments}")
    else:
        text = _("{database}, a cluster with the contract of {deployments}")
    listed = _listed(dict.fromkeys(deployments), False)
    return str(text).format(database=f"{product} {version}".strip(), deployments=listed)


def _listed(texts: Iterable[str], with_commas: object) -> str:
    """Texts side by side, of which some have commas themselves or none has."""
    # Translators: stands between the names of databases, of which some have commas.
    between = _("; ") if with_commas else _(", ")
    return str(between).join(texts)


def of_items(items: Iterable[str]) -> str:
    """The databases and ranges that a page gives, as readers write them: `MySQL ≥ 8.0.16, TiDB`."""
    known = every_target()
    found = []
    for item in ranges.readable(items):
        first = next((known[name] for name in item.targets if name in known), None)
        if first is None:
            continue
        label = first.label if item.name in known else first.label.partition(" ")[0]
        bounds = item.text.removeprefix(item.name).strip()
        for sign, shown in _SIGNS.items():
            bounds = bounds.replace(sign, shown)
        found.append(f"{label} {' '.join(bounds.split())}".strip())
    return str(_(", ")).join(found)
