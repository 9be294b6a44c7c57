package chem

func (w *workspace) perceiveStereo(m *Mol) {}
