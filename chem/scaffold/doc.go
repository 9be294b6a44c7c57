// Package scaffold reduces molecules to what chemists compare them by.
//
// Murcko gives the rings of a molecule with what links them, Generic the shape
// of that. LargestFragment and StripSalts take salts apart. Parent is the
// compound behind a salt or a charged form, and Key a text that is the same for
// the same compound.
package scaffold
