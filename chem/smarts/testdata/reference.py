"""Match SMARTS patterns with RDKit: the reference for the tests beside.

Reads rows of a pattern and a SMILES from standard input, tab separated, and
writes them with four columns more: the matches by GetSubstructMatches with
(uniquify, useChirality) = (1, 0), (0, 0), (1, 1), (0, 1), as 0,1;1,2 for two
matches of two atoms. "syntax" and "molecule" stand for input that RDKit
refuses. With the argument merge, hydrogens of the patterns are merged.
"""
import sys

from rdkit import Chem, RDLogger

RDLogger.DisableLog("rdApp.*")
MERGE = "merge" in sys.argv[1:]
MOST = 100000


def matches(mol, pattern, uniquify, chirality):
    found = mol.GetSubstructMatches(
        pattern, uniquify=uniquify, useChirality=chirality, maxMatches=MOST
    )
    return ";".join(",".join(map(str, atoms)) for atoms in found)


patterns, mols = {}, {}
for line in sys.stdin:
    text, smiles = line.rstrip("\n").split("\t")[:2]
    if text not in patterns:
        patterns[text] = Chem.MolFromSmarts(text, mergeHs=MERGE)
    if smiles not in mols:
        mols[smiles] = Chem.MolFromSmiles(smiles)
    pattern, mol = patterns[text], mols[smiles]
    if pattern is None or pattern.GetNumAtoms() == 0:
        row = ["syntax"]
    elif mol is None:
        row = ["molecule"]
    else:
        row = [
            matches(mol, pattern, uniquify, chirality)
            for chirality in (False, True)
            for uniquify in (True, False)
        ]
    print(text, smiles, *row, sep="\t")
