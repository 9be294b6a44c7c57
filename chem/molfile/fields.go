package molfile

import (
	"bytes"
	"fmt"
	"strings"
)

// readFields reads the data fields behind the molfile, up to $$$$ or the end. A
// header line > ... <NAME> is followed by the value's lines; a blank line ends
// them, one that begins with a space or tab does not. Fields without a name are
// passed over.
func readFields(l *lines) ([]Field, error) {
	var fields []Field
	for {
		line, ok := l.next()
		if !ok || hasPrefix(line, "$$$$") {
			return fields, nil
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if line[0] != '>' {
			return nil, formatError(l.at, "%s stands where a data field should", clip(line))
		}
		name, named := fieldName(line[1:])
		var value []byte
		for k := 0; ; k++ {
			line, ok := l.next()
			if !ok || blank(line) && (len(line) == 0 || line[0] != ' ' && line[0] != '\t') {
				break
			}
			if k > 0 {
				value = append(value, '\n')
			}
			value = append(value, line...)
		}
		if named {
			fields = append(fields, Field{Name: name, Value: string(value)})
		}
	}
}

// fieldName is what stands between < and > in a header line.
func fieldName(line []byte) (name string, ok bool) {
	from, to := bytes.IndexByte(line, '<'), bytes.IndexByte(line, '>')
	if from < 0 || to <= from+1 {
		return "", false
	}
	return string(line[from+1 : to]), true
}

// appendField appends a data field. Names and values that a reader would take
// for something else are errors.
func appendField(dst []byte, f Field) ([]byte, error) {
	if f.Name == "" || strings.ContainsAny(f.Name, "<>\r\n") {
		return nil, fmt.Errorf("molfile: write field %q: the name is empty or has < > or a line end", f.Name)
	}
	if f.Value != "" {
		for line := range strings.SplitSeq(f.Value, "\n") {
			switch {
			case strings.TrimSpace(line) == "" && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t"):
				return nil, fmt.Errorf("molfile: write field %q: a blank line would end the value", f.Name)
			case strings.HasPrefix(line, "$$$$"):
				return nil, fmt.Errorf("molfile: write field %q: a line $$$$ would end the record", f.Name)
			case strings.HasSuffix(line, "\r"):
				return nil, fmt.Errorf("molfile: write field %q: a carriage return would be lost", f.Name)
			}
		}
	}
	dst = append(dst, ">  <"...)
	dst = append(dst, f.Name...)
	dst = append(dst, ">\n"...)
	dst = append(dst, f.Value...)
	if f.Value != "" {
		dst = append(dst, '\n')
	}
	return append(dst, '\n'), nil
}
