# Times what bench_test.go does with RDKit, in one thread:
#
#	python3 bench.py < molecules.smi
#
# Prints molecules per second. Parent is RDKit's ChargeParent, Key that and its
# SMILES.
import sys
import time

from rdkit import Chem, RDLogger
from rdkit.Chem import SaltRemover
from rdkit.Chem.MolStandardize import rdMolStandardize as std
from rdkit.Chem.Scaffolds import MurckoScaffold as murcko

RDLogger.DisableLog("rdApp.*")
mols = [Chem.MolFromSmiles(line.strip()) for line in sys.stdin]
remover = SaltRemover.SaltRemover()
chooser = std.LargestFragmentChooser(preferOrganic=True)


def rate(name, f, seconds=1.0):
    """Repeats f on all molecules and prints the best rate of three."""
    best = 0
    for _ in range(3):
        done, start = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < seconds / 3:
            for m in mols:
                f(m)
            done += len(mols)
        best = max(best, done / elapsed)
    print(f"{name:16} {best:12,.0f} mol/s", flush=True)


rate("Murcko", murcko.GetScaffoldForMol)
rate("MurckoSMILES", lambda m: murcko.MurckoScaffoldSmiles(mol=m))
rate("LargestFragment", chooser.choose)
rate("StripSalts", lambda m: remover.StripMol(m, dontRemoveEverything=True))
rate("Parent", std.ChargeParent)
rate("Key", lambda m: Chem.MolToSmiles(std.ChargeParent(m)))
