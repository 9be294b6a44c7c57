package platform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/molsculpt/molsculpt/rewards"
)

// objective is what a model was trained for, as its card has it, where that needs
// no plugin.
func (r CardReward) objective() (rewards.Objective, error) {
	if r.Plugin != "" {
		return rewards.Objective{}, fmt.Errorf("the card's reward is %s of the plugin %s, which is not started for this", r.Function, strings.Fields(r.Plugin)[0])
	}
	return r.objectiveOf(nil)
}

// objectiveOf is the objective with the function of a plugin; nil for a built-in
// one.
func (r CardReward) objectiveOf(of *scorer) (rewards.Objective, error) {
	f, ok := rewards.Find(r.Function)
	if of != nil {
		f, ok = rewards.Function{Name: r.Function, Scorer: of}, true
	}
	if !ok {
		return rewards.Objective{}, fmt.Errorf("the card's reward is %q, which is not one of %s", r.Function, strings.Join(rewards.Names(), ", "))
	}
	goal, err := rewards.ParseGoal(r.Goal)
	if err != nil {
		return rewards.Objective{}, err
	}
	o := rewards.Objective{Function: f, Goal: goal}
	if r.Curve != "" {
		if o.Curve, err = parseCurve(r.Curve); err != nil {
			return rewards.Objective{}, err
		}
	}
	if !(r.Floor > 0) {
		return rewards.Objective{}, fmt.Errorf("the card's reward has the floor %g; it must be above 0", r.Floor)
	}
	return o.Resolve()
}

// parseCurve reads what the String of a curve wrote.
func parseCurve(text string) (rewards.Curve, error) {
	var c rewards.Curve
	var s rewards.Sigmoid
	var w rewards.Window
	if rest, ok := strings.CutPrefix(text, "linear "); ok {
		c = parseLinear(rest)
	} else if n, _ := fmt.Sscanf(text, "sigmoid middle %g width %g", &s.Middle, &s.Width); n == 2 {
		c = s
	} else if n, _ := fmt.Sscanf(text, "window from %g to %g width %g", &w.Low, &w.High, &w.Width); n == 3 {
		c = w
	}
	if c == nil || c.String() != text {
		return nil, fmt.Errorf("the card's desirability curve %q is not one that this program knows", text)
	}
	return c, nil
}

func parseLinear(text string) rewards.Curve {
	var l rewards.Linear
	points, power, found := strings.Cut(text, " ^")
	if found {
		if n, _ := fmt.Sscanf(power, "%g", &l.Exponent); n != 1 {
			return nil
		}
	}
	for p := range strings.SplitSeq(strings.TrimSuffix(strings.TrimPrefix(points, "("), ")"), ") (") {
		var q rewards.Point
		if n, _ := fmt.Sscanf(p, "%g, %g", &q.X, &q.Y); n != 2 {
			return nil
		}
		l.Points = append(l.Points, q)
	}
	return l
}

// clip is where beta log R was clipped below in training, in nats: what the
// plugin's part of the card says under config.floor; minus infinity where it
// does not say.
func (c *ModelCard) clip() float64 {
	var model struct {
		Config struct {
			Floor float64 `json:"floor"`
		} `json:"config"`
	}
	if json.Unmarshal(c.Model, &model) != nil || !(model.Config.Floor < 0) {
		return math.Inf(-1)
	}
	return model.Config.Floor
}

// WriteFit puts a fit into the model card that it was read with, under "fit";
// all else stays as it was.
func WriteFit(r *FitReport) error {
	if r.Card == "" {
		return fmt.Errorf("the card of %s is a part of this program and cannot be written", r.Model)
	}
	text, err := os.ReadFile(r.Card)
	if err != nil {
		return fmt.Errorf("platform: write fit: %w", err)
	}
	value, err := json.Marshal(r.Fit)
	if err != nil {
		return fmt.Errorf("platform: write fit: %w", err)
	}
	if text, err = setField(text, "fit", value); err != nil {
		return fmt.Errorf("platform: write fit: %s: %w", r.Card, err)
	}
	return writeWhole(r.Card, text)
}

// setField sets a field of a JSON object, in its place or at the end, and
// leaves the order of the others.
func setField(object []byte, name string, value json.RawMessage) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.Join(errors.New("it is no JSON object"), err)
	}
	var out bytes.Buffer
	out.WriteByte('{')
	found := false
	field := func(key string, v json.RawMessage) error {
		k, err := json.Marshal(key)
		if err != nil {
			return err
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		out.Write(k)
		out.WriteByte(':')
		out.Write(v)
		return nil
	}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, _ := t.(string)
		var v json.RawMessage
		if err := d.Decode(&v); err != nil {
			return nil, err
		}
		if key == name {
			v, found = value, true
		}
		if err := field(key, v); err != nil {
			return nil, err
		}
	}
	if !found {
		if err := field(name, value); err != nil {
			return nil, err
		}
	}
	out.WriteByte('}')
	var text bytes.Buffer
	if err := json.Indent(&text, out.Bytes(), "", "  "); err != nil {
		return nil, err
	}
	text.WriteByte('\n')
	return text.Bytes(), nil
}
