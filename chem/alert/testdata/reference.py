"""Which alerts fire by RDKit's FilterCatalog: the reference for the tests beside.

Reads SMILES from standard input, one in a row, and writes for each and every
catalogue the alerts that fire, tab separated: SMILES, catalogue, then for each
alert its index in the catalogue, its first match and the number of matches, as
12:3,4,5:2. "molecule" stands for a SMILES that RDKit refuses.
"""
import csv
import os
import sys

from rdkit import Chem, RDConfig, RDLogger
from rdkit.Chem import FilterCatalog

RDLogger.DisableLog("rdApp.*")


def built_in(name):
    kind = FilterCatalog.FilterCatalogParams.FilterCatalogs.names[name.upper()]
    return FilterCatalog.FilterCatalog(kind)


def nibr():
    path = os.path.join(
        RDConfig.RDContribDir,
        "NIBRSubstructureFilters",
        "SubstructureFilter_HitTriaging_wPubChemExamples.csv",
    )
    catalog = FilterCatalog.FilterCatalog()
    for row in csv.DictReader(open(path, encoding="utf-8")):
        name = row["PATTERN_NAME"]
        matcher = FilterCatalog.SmartsMatcher(name, row["SMARTS"], int(row["MIN_COUNT"]) or 1)
        catalog.AddEntry(FilterCatalog.FilterCatalogEntry(name, matcher))
    return catalog


def catalogs():
    names = ["pains_a", "pains_b", "pains_c", "brenk", "nih", "zinc"]
    return {**{name: built_in(name) for name in names}, "nibr": nibr()}


def answer():
    entries = {}
    for name, catalog in catalogs().items():
        entries[name] = [catalog.GetEntryWithIdx(i) for i in range(catalog.GetNumEntries())]
    for line in sys.stdin:
        smiles = line.rstrip("\n")
        mol = Chem.MolFromSmiles(smiles)
        for name, list_ in entries.items():
            if mol is None:
                print(smiles, name, "molecule", sep="\t")
                continue
            fired = []
            for i, entry in enumerate(list_):
                if not entry.HasFilterMatch(mol):
                    continue
                found = entry.GetFilterMatches(mol)
                first = ",".join(str(b) for _, b in found[0].atomPairs)
                fired.append(f"{i}:{first}:{len(found)}")
            print(smiles, name, *fired, sep="\t")


answer()
