// Package molfile reads and writes molecules with coordinates: V2000 and V3000
// molfiles, and SD files, which are molfiles with data fields one after the
// other (CTfile Formats, Dassault Systèmes BIOVIA, 2020).
//
// [Read] streams the records of an SD file of any size and goes on behind bad
// ones; [Parse] reads a single molfile; [Writer] and [Append] write. What is
// read is what RDKit's sanitising reader makes of it: hydrogens that say nothing
// are merged into their neighbours, tetrahedral and double-bond stereo come from
// wedges and coordinates. Features of queries are refused.
package molfile
