# Computes the reference values of golden.tsv with RDKit (2022.09.3):
#
#	python3 golden.py < molecules.smi > golden.tsv
#
# A value stands as the first 16 digits of the SHA-256 of its text, "key:count"
# or the numbers of the set bits in increasing order, joined by blanks; with the
# argument "text" as that text itself. "-" is where RDKit gives no value.
import hashlib
import sys

from rdkit import Chem, RDLogger
from rdkit.Chem import rdMolDescriptors as d

RDLogger.DisableLog("rdApp.*")


def counts(v):
    return " ".join(f"{k}:{n}" for k, n in sorted(v.GetNonzeroElements().items()))


def on(v):
    return " ".join(map(str, v.GetOnBits()))


def environments(m):
    info = {}
    d.GetMorganFingerprint(m, 2, bitInfo=info)
    return " ".join(f"{h}:{a}:{r}" for h, a, r in sorted((h, a, r) for h, where in info.items() for a, r in where))


columns = {
    "morgan": lambda m: counts(d.GetMorganFingerprint(m, 3)),
    "morgan_bits": lambda m: on(d.GetMorganFingerprintAsBitVect(m, 2, 1024)),
    "features": lambda m: counts(d.GetMorganFingerprint(m, 2, useFeatures=True)),
    "chirality": lambda m: counts(d.GetMorganFingerprint(m, 3, useChirality=True)),
    "no_bonds": lambda m: counts(d.GetMorganFingerprint(m, 2, useBondTypes=False)),
    "redundant": lambda m: counts(d.GetMorganFingerprint(m, 2, includeRedundantEnvironments=True)),
    "environments": environments,
    "subgraphs": lambda m: on(Chem.RDKFingerprint(m)),
}
for name, chirality in (("", False), ("_chirality", True)):
    columns["pairs" + name] = lambda m, c=chirality: counts(d.GetAtomPairFingerprint(m, includeChirality=c))
    columns["hashed_pairs" + name] = lambda m, c=chirality: counts(
        d.GetHashedAtomPairFingerprint(m, 1 << 20, includeChirality=c))
    columns["pair_bits" + name] = lambda m, c=chirality: on(
        d.GetHashedAtomPairFingerprintAsBitVect(m, 2048, includeChirality=c))
    columns["torsions" + name] = lambda m, c=chirality: counts(d.GetTopologicalTorsionFingerprint(m, includeChirality=c))
    columns["hashed_torsions" + name] = lambda m, c=chirality: counts(
        d.GetHashedTopologicalTorsionFingerprint(m, 1 << 20, includeChirality=c))
    columns["torsion_bits" + name] = lambda m, c=chirality: on(
        d.GetHashedTopologicalTorsionFingerprintAsBitVect(m, 2048, includeChirality=c))


def value(f, m):
    try:
        text = f(m)
    except RuntimeError:
        return "-"
    if "text" in sys.argv:
        return text
    return hashlib.sha256(text.encode()).hexdigest()[:16]


print("smiles", *columns, sep="\t")
for line in sys.stdin:
    m = Chem.MolFromSmiles(line.strip())
    print(line.strip(), *(value(f, m) for f in columns.values()), sep="\t")
