"""Reads consent records with libraries of others: they expand as JSON-LD, and say in RDF what they must.

    records.py                 starts the binary built in target/debug, takes records from it, and
                               reads them; then has it export and verify them
    records.py FILE            reads the record in a file
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from pyld import jsonld
from rdflib import Graph
from rdflib import RDF
from rdflib import URIRef
from rdflib.collection import Collection

BINARY = Path(__file__).resolve().parents[2] / "target" / "debug" / "imvume"
PATIENCE = 60.0

DPV = "https://w3id.org/dpv#"
GDPR = "https://w3id.org/dpv/legal/eu/gdpr#"
DCT = "http://purl.org/dc/terms/"
OWN = "urn:imvume:term:"

# The terms of the Data Privacy Vocabulary 2.0 that a record may use: what was looked up in it.
DPV_TERMS = {
    *"hasDataSubject hasNotice hasPurpose hasLegalBasis hasPersonalData hasNecessity".split(),
    *"hasDataController hasDataSource hasProcessing hasStorageCondition hasLocation".split(),
    *"StorageDuration hasRule hasService hasJurisdiction hasRecipient hasConsentControl".split(),
    *"hasRight hasImpactAssessment hasAuthority LegalEntity hasConsentStatus Purpose".split(),
    *"DirectMarketing Marketing PersonalisedAdvertising CommunicationForCustomerCare".split(),
    *"CustomerCare CustomerOrderManagement DeliveryOfGoods RequestedServiceProvision".split(),
    *"ServiceProvision PaymentManagement IdentityAuthentication IdentityVerification".split(),
    *"FraudPreventionAndDetection LegalCompliance RecordManagement RightsFulfillment".split(),
    *"DisputeManagement ServiceUsageAnalytics ServicePersonalisation".split(),
    *"OrganisationComplianceManagement ConsentGiven RenewedConsentGiven".split(),
    *"ConsentRequested ConsentRequestDeferred ConsentRefused ConsentWithdrawn".split(),
    *"ConsentRevoked ConsentExpired ConsentInvalidated ConsentUnknown".split(),
}
GDPR_TERMS = {
    *"A13 A14 A15 A16 A17 A18 A19 A20 A21 A22 A7-3 A77".split(),
    *"A6-1-a-explicit-consent A6-1-a-non-explicit-consent A6-1-b-contract-performance".split(),
    *"A6-1-b-enter-into-contract A6-1-c A6-1-d A6-1-e A6-1-f-controller A6-1-f-third-party".split(),
}
PROFILES = {
    f"https://w3id.org/dpv/schema/dpv-27560#{name}"
    for name in ("record", "record-eu-gdpr", "receipt-record", "receipt-eu-gdpr")
}

# The members that ISO/IEC TS 27560:2023 asks for, as the properties they stand under.
OF_RECORD = [DCT + "conformsTo", DCT + "identifier", DPV + "hasDataSubject"]
OF_PROCESSING = [
    DPV + "hasNotice",
    DCT + "language",
    DPV + "hasPurpose",
    DPV + "hasLegalBasis",
    DPV + "hasPersonalData",
    DPV + "hasDataController",
    DPV + "hasStorageCondition",
    DPV + "hasJurisdiction",
    DPV + "hasRecipient",
    DPV + "hasConsentControl",
]
OF_PARTY = [DCT + "title", OWN + "party-type", OWN + "country"]
OF_EVENT = [DCT + "date", OWN + "entity", OWN + "event-type", DPV + "hasConsentStatus"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", help="a record to read, without an instance")
    arguments = parser.parse_args()
    if arguments.file:
        read(json.loads(Path(arguments.file).read_text()))
    else:
        against_gateway()
    print("consent records: read alike by pyld and rdflib, nothing is missing")
    return 0


def no_network(url: str, _options: dict) -> dict:
    raise AssertionError(f"the record needs {url} to be read")


def read(record: dict) -> Graph:
    """Expands a record, turns it into RDF by both libraries, and checks what it says."""
    expanded = jsonld.expand(record, {"documentLoader": no_network})
    assert len(expanded) == 1, "one record is one node"
    quads = jsonld.to_rdf(record, {"documentLoader": no_network, "format": "application/n-quads"})
    one = Graph().parse(data=quads, format="nt")
    other = Graph().parse(data=json.dumps(record), format="json-ld")
    assert one.isomorphic(other), "the two libraries read different things"
    check_terms(one)
    check_members(one, record)
    return one


def check_terms(graph: Graph) -> None:
    for node in {str(node) for triple in graph for node in triple if isinstance(node, URIRef)}:
        if node.startswith(DPV):
            assert node.removeprefix(DPV) in DPV_TERMS, f"{node} is no term that was looked up"
        elif node.startswith(GDPR):
            assert node.removeprefix(GDPR) in GDPR_TERMS, f"{node} is no term that was looked up"
        elif node.startswith("https://w3id.org/"):
            assert node in PROFILES, f"{node} is no profile"


def check_members(graph: Graph, record: dict) -> None:
    root = URIRef(record["@id"])
    has(graph, root, OF_RECORD)
    (processing,) = graph.objects(root, URIRef(DCT + "hasPart"))
    has(graph, processing, OF_PROCESSING)
    durations = graph.subjects(RDF.type, URIRef(DPV + "StorageDuration"))
    assert len(list(durations)) == 1, "the retention period"
    for data in graph.objects(processing, URIRef(DPV + "hasPersonalData")):
        has(graph, data, [DCT + "type"])
    for party in graph.objects(processing, URIRef(DPV + "hasDataController")):
        assert (party, RDF.type, URIRef(DPV + "LegalEntity")) in graph
        has(graph, party, OF_PARTY)
    (head,) = graph.objects(root, URIRef(OWN + "events"))
    events = list(Collection(graph, head))
    assert len(events) == len(record["events"]) == record["event_count"], "every event"
    for event, told in zip(events, record["events"], strict=True):
        has(graph, event, OF_EVENT)
        assert str(event) == told["@id"], "the events are in order"
    said = {str(node) for triple in graph for node in triple}
    assert record["proof"]["type"] not in said, "what proves the record is no statement"


def has(graph: Graph, node: URIRef, properties: list[str]) -> None:
    for name in properties:
        assert (node, URIRef(name), None) in graph, f"{node} has no {name}"


def against_gateway() -> None:
    """Takes records from a running instance, then has it export and verify them."""
    with tempfile.TemporaryDirectory() as folder:
        data, facts_path = Path(folder, "data"), Path(folder, "clients.json")
        command = [BINARY, "demo", "--dir", data, "--clients", facts_path]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            facts = json.loads(wait_for(facts_path, process).read_text())
            from_api(facts, Path(folder), (data / "data" / "log" / "key.vkey").read_text().strip())
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)
        from_export(data, Path(folder, "export"))


def from_api(facts: dict, folder: Path, key: str) -> None:
    headers = {"Authorization": f"Bearer {facts['staff_token']}"}
    with httpx.Client(base_url=f"http://{facts['staff']}/api/v1", headers=headers) as office:
        for person, purpose, state in (
            ("keen", "marketing", "given"),
            ("consented", "service-updates", "given"),
            ("stopped", "marketing", "withdrawn"),
        ):
            phone = "+" + facts["people"][person]["phone"]
            found = office.post("/subjects/lookup", json={"phone": phone})
            subject = found.raise_for_status().json()["subject"]
            path = f"/subjects/{subject}/consent/record"
            answer = office.get(path, params={"purpose": purpose}).raise_for_status()
            assert phone.lstrip("+") not in answer.text, "the person is a pseudonym"
            record = answer.json()
            read(record)
            assert record["events"][-1]["state"] == state, person
            file = folder / "record.jsonld"
            file.write_text(answer.text)
            verify(file, ["--key", key], holds=True)
            file.write_text(answer.text.replace('"state":"', '"state":"un', 1))
            verify(file, ["--key", key], holds=False)
        assert office.get(path, params={"purpose": "nothing"}).status_code == 404
        evidence = office.get(f"/subjects/{subject}/consent/evidence").raise_for_status().json()
        for record in evidence["records"]:
            read(record)


def from_export(data: Path, to: Path) -> None:
    config = ["--config", data / "imvume.toml"]
    done = subprocess.run(
        [BINARY, "consent", "export", *config, "--to", to, "--json"],
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    lines = (to / "records.jsonl").read_text().splitlines()
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["records"] == len(lines) > 2, told
    for line in lines:
        read(json.loads(line))
    assert (to / "notices.jsonl").exists() and (to / "README.md").exists()
    assert any(json.loads(line) for line in (to / "decisions.jsonl").read_text().splitlines() or ["1"])
    verify(to / "records.jsonl", ["--log", to / "log"], holds=True)
    lines[1] = lines[1].replace('"title":"', '"title":"x', 1)
    (to / "records.jsonl").write_text("\n".join(lines) + "\n")
    verify(to / "records.jsonl", ["--log", to / "log"], holds=False)


def verify(file: Path, with_: list, *, holds: bool) -> None:
    done = subprocess.run(
        [BINARY, "consent", "verify", file, "--json", *with_],
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert json.loads(done.stdout)["holds"] is holds, done.stdout + done.stderr
    assert done.returncode == (0 if holds else 1), done.stderr


def wait_for(path: Path, process: subprocess.Popen) -> Path:
    """Waits until the instance has opened its doors and written of them."""
    deadline = time.monotonic() + PATIENCE
    while not path.exists():
        if process.poll() is not None:
            sys.exit(f"the instance ended with {process.returncode} before it was up")
        if deadline < time.monotonic():
            sys.exit("the instance did not open its doors")
        time.sleep(0.02)
    return path


if __name__ == "__main__":
    sys.exit(main())
