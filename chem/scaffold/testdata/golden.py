# Computes the reference values of golden.tsv with RDKit (2022.09.3):
#
#	python3 golden.py < molecules.smi > golden.tsv
#
# All values are SMILES, "-" is where RDKit gives none. The scaffold has its
# stereo marks here, the generic forms are those of the scaffold and of the whole
# molecule.
import sys

from rdkit import Chem, RDLogger
from rdkit.Chem import SaltRemover
from rdkit.Chem.MolStandardize import rdMolStandardize as std
from rdkit.Chem.Scaffolds import MurckoScaffold as murcko

RDLogger.DisableLog("rdApp.*")
remover = SaltRemover.SaltRemover()

columns = {
    "murcko": lambda m: murcko.GetScaffoldForMol(m),
    "generic_scaffold": lambda m: murcko.MakeScaffoldGeneric(murcko.GetScaffoldForMol(m)),
    "generic": lambda m: murcko.MakeScaffoldGeneric(m),
    "largest": lambda m: std.LargestFragmentChooser().choose(m),
    "largest_organic": lambda m: std.LargestFragmentChooser(preferOrganic=True).choose(m),
    "stripped": lambda m: remover.StripMol(m, dontRemoveEverything=True),
    "uncharged": lambda m: std.Uncharger().uncharge(m),
}


def value(f, m):
    try:
        return Chem.MolToSmiles(f(m))
    except (RuntimeError, ValueError):
        return "-"


print("smiles", *columns, sep="\t")
for line in sys.stdin:
    m = Chem.MolFromSmiles(line.strip())
    print(line.strip(), *(value(f, m) for f in columns.values()), sep="\t")
