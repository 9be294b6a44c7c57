// Package depict draws molecules: it finds coordinates in the plane that a
// chemist would choose, marks stereocentres with wedges, and makes pictures of
// them.
//
// Layout gives coordinates and wedges, as a molfile needs them. Draw makes a
// Picture, a list of lines, polygons and texts; SVG writes one. Grid puts
// several pictures on one page.
//
// The layout goes the way of most programs for this purpose (H. E. Helson,
// Structure diagram generation, Rev. Comput. Chem. 13 (1999) 313; A. M. Clark,
// P. Labute, M. Feher, J. Chem. Inf. Model. 46 (2006) 1107): ring systems are
// laid out as rigid pieces, chains are grown from them at angles of 120°,
// clashes are removed by turning pieces about bonds, and the whole is turned so
// that it lies well. Its steps are in files of their own: sketch (the molecule
// in canonical order and its blocks), block, kernel, cage and macrocycle (ring
// systems), relax (the energy of irregular ones), grow, clash, orient and wedge.
package depict
