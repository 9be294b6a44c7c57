package gflownet

// dead is the bias, in nats, of an action that a new network is to leave alone.
const dead = -30

// growFull makes a new network grow trees to their full size, where that is
// asked for: it neither stops nor attaches what leaves no site open.
func (t *Trainer) growFull() {
	if t.config.MeanSize >= 0 {
		return
	}
	v := t.space.Vocabulary()
	bias := t.params.Get("column.bias").Data
	for c := range v.Columns() {
		fragment, _ := v.Column(c)
		if len(v.Fragment(fragment).Sites) == 1 {
			bias[c] = dead
		}
	}
}
