// Package spec reads what users write for a plugin, the options of a training
// file and of a model, with errors that they can act on; and it finds numbers that
// are none in what a training says of itself.
//
// Errors say nothing of this package: the caller puts its own name before them.
package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Read takes over what a training file says, if anything, into a struct of
// options.
func Read[T any](data []byte, into *T) error {
	if len(data) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		return nil
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		if wrong.Field == "" {
			return fmt.Errorf("the training options are %s; give keys with values", given(wrong.Value))
		}
		key := wrong.Field[strings.LastIndexByte(wrong.Field, '.')+1:] // the path names embedded structs too
		return fmt.Errorf("%s is %s; give %s", key, given(wrong.Value), wanted(wrong.Type))
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("there is no training option %s; there are %s", name, strings.Join(options(reflect.TypeFor[T]()), ", "))
	}
	return fmt.Errorf("read the training options: %w", err)
}

// given says what stands in a file, from what encoding/json calls it.
func given(value string) string {
	switch value {
	case "string":
		return "a text"
	case "bool":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "a group of keys"
	case "number":
		return "a number"
	default: // "number 2.5"
		return strings.TrimPrefix(value, "number ")
	}
}

// wanted says what a field takes.
func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	default:
		return "a text"
	}
}

// options are the keys of a struct in JSON, sorted.
func options(t reflect.Type) []string {
	var names []string
	for f := range t.NumField() {
		field := t.Field(f)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous:
			names = append(names, options(field.Type)...)
		case name != "" && name != "-":
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// None refuses options of a model of a plugin: there are none, and one that is
// passed over would be taken for one that works.
func None(plugin string, data []byte) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(data, &keys); err != nil {
		return fmt.Errorf("options: they are no group of keys: %w", err)
	}
	if len(keys) == 0 {
		return nil
	}
	names := make([]string, 0, len(keys))
	for k := range keys {
		names = append(names, fmt.Sprintf("%q", k))
	}
	slices.Sort(names)
	return fmt.Errorf("options: %s: a model of %s takes no options; take them out", strings.Join(names, ", "), plugin)
}

// Diverged is an error where some figure is not finite, which JSON cannot say
// and no weights are worth.
func Diverged(where string, figures any, rate float64) error {
	name, v := notFinite("", reflect.ValueOf(figures))
	if name == "" {
		return nil
	}
	return fmt.Errorf("the training diverged: %s of %s is %v; lower the learning rate (rate is %g)", name, where, v, rate)
}

// notFinite finds the first number in a value that is NaN or infinite, and
// names it; "" where all are finite.
func notFinite(name string, v reflect.Value) (string, float64) {
	switch v.Kind() {
	case reflect.Float64:
		if x := v.Float(); x-x != 0 {
			return name, x
		}
	case reflect.Slice:
		for i := range v.Len() {
			if n, x := notFinite(fmt.Sprintf("%s[%d]", name, i), v.Index(i)); n != "" {
				return n, x
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			part, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if part == "" {
				part = strings.ToLower(f.Name)
			}
			if name != "" {
				part = name + "." + part
			}
			if n, x := notFinite(part, v.Field(i)); n != "" {
				return n, x
			}
		}
	default:
	}
	return "", 0
}
