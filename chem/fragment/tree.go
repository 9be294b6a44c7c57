package fragment

import (
	"encoding/binary"
	"fmt"
)

// Tree is a tree of fragments in canonical compact form: equal trees have equal
// bytes, whatever order they were built in. The empty string is the tree
// without fragments.
//
// The nodes stand in canonical preorder, five bytes each: the fragment (16
// bits, little endian), the index of the parent node (255 for the root), the
// site of the parent that holds it, and its own site (255 for the root). Node
// indices and sites are 8 bits wide.
type Tree string

const (
	nodeBytes = 5
	none      = 0xff // parent and site of a root
)

// Node is a fragment of a tree.
type Node struct {
	Fragment   int // index in the vocabulary
	Parent     int // index of the parent node, -1 for the root
	ParentSite int // site of the parent that the bond uses, -1 for the root
	Site       int // site of this fragment that the bond uses, -1 for the root
}

// Site is a site of a node of a tree.
type Site struct{ Node, Site int }

// Size is the number of fragments.
func (t Tree) Size() int { return len(t) / nodeBytes }

// Nodes decodes the tree, appending to dst. It does not check anything; see
// [Trees.Validate] for bytes from elsewhere.
func (t Tree) Nodes(dst []Node) []Node {
	for i := 0; i+nodeBytes <= len(t); i += nodeBytes {
		n := Node{
			Fragment: int(t[i]) | int(t[i+1])<<8,
			Parent:   int(t[i+2]), ParentSite: int(t[i+3]), Site: int(t[i+4]),
		}
		if n.Parent == none {
			n.Parent, n.ParentSite, n.Site = -1, -1, -1
		}
		dst = append(dst, n)
	}
	return dst
}

// appendNode appends the five bytes of a node.
func appendNode(dst []byte, fragment uint16, parent, parentSite, site uint8) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, fragment)
	return append(dst, parent, parentSite, site)
}

// checkNodes says what is wrong with nodes that should form a tree of the
// vocabulary: parents come before their children, sites exist, are used once
// and may be joined.
func (v *Vocabulary) checkNodes(nodes []Node, largest int) error {
	if len(nodes) > largest {
		return fmt.Errorf("%d fragments, at most %d are possible", len(nodes), largest)
	}
	used := make(map[Site]bool, 2*len(nodes))
	for i, n := range nodes {
		if n.Fragment < 0 || n.Fragment >= len(v.fragments) {
			return fmt.Errorf("node %d: fragment %d of a vocabulary of %d", i, n.Fragment, len(v.fragments))
		}
		if i == 0 {
			if n.Parent != -1 {
				return fmt.Errorf("node 0: it must be the root, but has parent %d", n.Parent)
			}
			continue
		}
		if n.Parent < 0 || n.Parent >= i {
			return fmt.Errorf("node %d: parent %d does not come before it", i, n.Parent)
		}
		f, p := &v.fragments[n.Fragment], &v.fragments[nodes[n.Parent].Fragment]
		if n.Site < 0 || n.Site >= len(f.Sites) {
			return fmt.Errorf("node %d: own site %d, but its fragment has %d sites", i, n.Site, len(f.Sites))
		}
		if n.ParentSite < 0 || n.ParentSite >= len(p.Sites) {
			return fmt.Errorf("node %d: site %d of node %d, whose fragment has %d sites", i, n.ParentSite, n.Parent, len(p.Sites))
		}
		for _, s := range []Site{{i, n.Site}, {n.Parent, n.ParentSite}} {
			if used[s] {
				return fmt.Errorf("node %d: site %d of node %d is used twice", i, s.Site, s.Node)
			}
			used[s] = true
		}
		if !v.rule.joins(f.ring[n.Site], p.ring[n.ParentSite]) {
			return fmt.Errorf("node %d: the rule %q does not join site %d to site %d of node %d", i, string(v.rule), n.Site, n.ParentSite, n.Parent)
		}
	}
	return nil
}
