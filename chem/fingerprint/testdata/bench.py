# Times what bench_test.go does with RDKit, in one thread:
#
#	python3 bench.py < molecules.smi
#
# Prints molecules and pairs per second.
import random
import sys
import time

from rdkit import Chem, DataStructs, RDLogger
from rdkit.Chem import rdMolDescriptors as d

RDLogger.DisableLog("rdApp.*")
mols = [Chem.MolFromSmiles(line.strip()) for line in sys.stdin]


def rate(name, unit, work, seconds=1.0):
    """Repeats work, which returns how much it did, and prints the best rate of three."""
    best = 0
    for _ in range(3):
        done, start = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < seconds / 3:
            done += work()
        best = max(best, done / elapsed)
    print(f"{name:16} {best:14,.0f} {unit}/s", flush=True)


def each(f):
    def work():
        for m in mols:
            f(m)
        return len(mols)
    return work


rate("Morgan", "mol", each(lambda m: d.GetMorganFingerprint(m, 2)))
rate("MorganBits", "mol", each(lambda m: d.GetMorganFingerprintAsBitVect(m, 2, 2048)))
rate("FeatureMorgan", "mol", each(lambda m: d.GetMorganFingerprintAsBitVect(m, 2, 2048, useFeatures=True)))
rate("AtomPairs", "mol", each(d.GetAtomPairFingerprint))
rate("AtomPairBits", "mol", each(lambda m: d.GetHashedAtomPairFingerprintAsBitVect(m, 2048)))
rate("Torsions", "mol", each(d.GetTopologicalTorsionFingerprint))
rate("TorsionBits", "mol", each(lambda m: d.GetHashedTopologicalTorsionFingerprintAsBitVect(m, 2048)))
rate("SubgraphBits", "mol", each(Chem.RDKFingerprint))

random.seed(1)
table = []
for _ in range(4096):
    v = DataStructs.ExplicitBitVect(2048)
    for _ in range(50):
        v.SetBit(random.randrange(2048))
    table.append(v)


def single():
    for v in table:
        DataStructs.TanimotoSimilarity(table[0], v)
    return len(table)


def bulk():
    DataStructs.BulkTanimotoSimilarity(table[0], table)
    return len(table)


rate("Tanimoto", "pairs", single)
rate("TableTanimoto", "pairs", bulk)
