"""RDKit's side of the benchmark: answers requests, one JSON object per line.

A work is made once from the list of SMILES: it returns a function that does the
work for all of them and another that gives the answers, one per molecule.
"""
import gc
import importlib.util
import json
import os
import sys
import time

import rdkit
from rdkit import Chem, DataStructs, RDConfig, RDLogger
from rdkit.Chem import QED, FilterCatalog
from rdkit.Chem import rdMolDescriptors as describe
from rdkit.Chem.Scaffolds import MurckoScaffold

RDLogger.DisableLog("rdApp.*")
gc.disable()


def sa_score():
    path = os.path.join(RDConfig.RDContribDir, "SA_Score", "sascorer.py")
    spec = importlib.util.spec_from_file_location("sascorer", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.readFragmentScores()
    return module.calculateScore


def texts(function):
    """A work on texts: the function parses them."""
    def make(smiles):
        return (lambda: [function(s) for s in smiles]), (lambda: [function(s) for s in smiles])
    return make


def molecules(function):
    """A work on molecules that are parsed before."""
    def make(smiles):
        mols = [Chem.MolFromSmiles(s) for s in smiles]
        return (lambda: [function(m) for m in mols]), (lambda: [function(m) for m in mols])
    return make


def properties(smiles):
    sa = sa_score()

    def one(s):
        m = Chem.MolFromSmiles(s)
        bits = describe.GetMorganFingerprintAsBitVect(m, 2, 2048)
        return QED.qed(m), sa(m), bits

    return texts(one)(smiles)[0], lambda: [
        f"{q} {s} {b.GetNumOnBits()}" for q, s, b in map(one, smiles)
    ]


def pains(smiles):
    mols = [Chem.MolFromSmiles(s) for s in smiles]
    catalog = FilterCatalog.FilterCatalog(FilterCatalog.FilterCatalogParams.FilterCatalogs.PAINS)
    return (lambda: [catalog.GetMatches(m) for m in mols]), lambda: [len(catalog.GetMatches(m)) for m in mols]


def tanimoto(smiles):
    table = [describe.GetMorganFingerprintAsBitVect(Chem.MolFromSmiles(s), 2, 2048) for s in smiles]
    return (
        lambda: [DataStructs.BulkTanimotoSimilarity(q, table) for q in table],
        lambda: [sum(DataStructs.BulkTanimotoSimilarity(q, table)) for q in table],
    )


def on_bits(function):
    """A work that makes fingerprints of molecules that are parsed before."""
    def make(smiles):
        mols = [Chem.MolFromSmiles(s) for s in smiles]
        return (lambda: [function(m) for m in mols]), lambda: [function(m).GetNumOnBits() for m in mols]
    return make


WORKS = {
    "parse": lambda smiles: (
        lambda: [Chem.MolFromSmiles(s) for s in smiles],
        lambda: [Chem.MolFromSmiles(s).GetNumAtoms() for s in smiles],
    ),
    "canonical": texts(lambda s: Chem.MolToSmiles(Chem.MolFromSmiles(s))),
    "properties": properties,
    "murcko": molecules(lambda m: MurckoScaffold.MurckoScaffoldSmiles(mol=m)),
    "morgan": on_bits(lambda m: describe.GetMorganFingerprintAsBitVect(m, 2, 2048)),
    "pairs": on_bits(lambda m: describe.GetHashedAtomPairFingerprintAsBitVect(m, 2048)),
    "torsions": on_bits(lambda m: describe.GetHashedTopologicalTorsionFingerprintAsBitVect(m, 2048)),
    "paths": on_bits(Chem.RDKFingerprint),
    "pains": pains,
    "tanimoto": tanimoto,
}


def serve():
    made = {}
    for line in sys.stdin:
        request = json.loads(line)
        name = request.get("work")
        try:
            if request["do"] == "about":
                answer = {"version": rdkit.__version__}
            elif request["do"] == "answers":
                made[name] = WORKS[name](request["list"])
                answer = {"answers": [str(a) for a in made[name][1]()]}
            elif request["do"] == "time":
                run, count = made[name][0], request["count"]
                start = time.process_time()
                for _ in range(count):
                    run()
                answer = {"seconds": (time.process_time() - start) / count}
            else:
                raise ValueError(f"no request is called {request['do']}")
        except Exception as e:  # the other side reports it
            answer = {"error": f"{type(e).__name__}: {e}"}
        print(json.dumps(answer), flush=True)


serve()
