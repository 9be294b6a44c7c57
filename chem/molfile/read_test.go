package molfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/molsculpt/molsculpt/chem"
	"github.com/molsculpt/molsculpt/chem/chemtest"
	"github.com/molsculpt/molsculpt/chem/molfile"
	"github.com/molsculpt/molsculpt/chem/smiles"
)

func examples(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("testdata/examples.sdf")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// all reads a stream whole.
func all(text string) (recs []*molfile.Record, errs []error) {
	for rec, err := range molfile.Read(strings.NewReader(text)) {
		recs, errs = append(recs, rec), append(errs, err)
	}
	return recs, errs
}

// TestExamplesReadAsRDKitReadsThem: the field smiles of each example is what
// RDKit 2022.09.3 reads.
func TestExamplesReadAsRDKitReadsThem(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"\n", "\r\n"} {
		recs, errs := all(strings.ReplaceAll(examples(t), "\n", end))
		if len(recs) != 13 {
			t.Errorf("%d records", len(recs))
		}
		for i, rec := range recs {
			if errs[i] != nil {
				t.Errorf("record %d: %v", i+1, errs[i])
				continue
			}
			text, _ := rec.Field("smiles")
			if got, want := smiles.Canonical(rec.Mol), smiles.Canonical(chemtest.Parse(t, text)); got != want {
				t.Errorf("%s: got %s, want %s", rec.Name, got, want)
			}
			if rec.Number != i+1 || len(rec.Points) != len(rec.Mol.Atoms) {
				t.Errorf("%s: number %d, %d points for %d atoms", rec.Name, rec.Number, len(rec.Points), len(rec.Mol.Atoms))
			}
		}
	}
}

// block is a V2000 molfile of ethylamine: an atom N with the given end of its
// line, a C, the bond between them with the given type and stereo, and further
// lines.
func block(nitrogen, bond, more string) string {
	return "\n\n\n  2  1  0  0  0  0  0  0  0  0999 V2000\n" +
		"    0.0000    0.0000    0.0000 " + nitrogen + "\n" +
		"    1.5000    0.0000    0.0000 C   0  0\n" +
		"  1  2" + bond + "\n" + more + "M  END\n"
}

const plainN = "N   0  3  0  0  0  0  0  0  0  0  0  0"

func TestFieldsOfV2000(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ atom, bond, more, want string }{
		{plainN, "  1  0", "", "C[NH3+]"},
		{"N   0  0", "  1", "", "CN"},
		{"N   1  0  0  0", "  1  0", "", "C[15NH2]"},
		{"N  -1  0  0  0", "  1  0", "", "C[13NH2]"},
		{"N   0  4  0  0", "  1  0", "", "CN"},
		{"N   0  5  0  0", "  1  0", "", "C[NH-]"},
		{"N   0  0  0  0  0 15", "  1  0", "", "C[N]"},
		{"N   0  0  0  0  0  2", "  1  0", "", "C[NH]"},
		{"N   0  0  0  0  0  0  0  0  0  9", "  1  0", "", "C[NH2:9]"},
		{"CL  0  0", "  1  0", "", "CCl"},
		{"R3  0  0", "  1  0", "", "[3*]C"},
		{"D   0  0", "  1  0", "", "[2H]C"},
		{"H   0  0", "  1  0", "", "C"},
		{plainN, "  2  0", "", "C=[NH2+]"},
		{plainN, "  3  0", "", "C#[NH+]"},
		{plainN, "  8  0", "", "C~[NH4+]"},
		{plainN, "  0  0", "", "C~[NH4+]"},
		{plainN, "  1  0", "M  CHG  1   2  -1\n", "[CH2-]N"},
		{plainN, "  1  0", "M  CHG  2   1   1   2  -1\n", "[CH2-][NH3+]"},
		{plainN, "  1  0", "M  RAD  1   1   2\n", "C[NH]"},
		{plainN, "  1  0", "M  RAD  1   2   3\n", "[CH]N"},
		{plainN, "  1  0", "M  ISO  1   1  15\n", "C[15NH3+]"},
		{plainN, "  1  0", "M  ISO  1   1  -1\n", "C[NH3+]"},
		{plainN, "  1  0", "M  ZCH  1   1   0\nM  ZBO  1   1   0\nM  HYD  1   1   3\n", "C~N"},
		{plainN, "  1  0", "A    1\nM  CHG  1   1   0\nV    2 text\nG   1  2\nM  ISO\n", "C[NH3+]"},
		{plainN, "  1  0", "S  SKP  1\nM  CHG  1   1   0\n", "C[NH3+]"},
		{plainN, "  1  0", "M  SUB  1   1   0\nM  APO  1   1   1\nM  XYZ\n\n", "C[NH3+]"},
	} {
		rec, err := molfile.Parse([]byte(block(test.atom, test.bond, test.more)))
		if err != nil {
			t.Errorf("%q %q %q: %v", test.atom, test.bond, test.more, err)
			continue
		}
		want := chemtest.Parse(t, test.want)
		if got, want := smiles.Canonical(rec.Mol), smiles.Canonical(want); got != want {
			t.Errorf("%q %q %q: got %s, want %s", test.atom, test.bond, test.more, got, want)
		}
	}
}

func TestErrorsNameLineAndReason(t *testing.T) {
	t.Parallel()
	v3000 := func(lines string) string {
		return "\n\n\n  0  0  0     0  0            999 V3000\n" + lines
	}
	const ethane = "M  V30 BEGIN CTAB\nM  V30 COUNTS 2 1 0 0 0\nM  V30 BEGIN ATOM\nM  V30 1 C 0 0 0 0\nM  V30 2 C 1 0 0 0\n"
	for _, test := range []struct {
		text string
		line int
		kind any
		want string
	}{
		{"", 0, &molfile.FormatError{}, "ends before its name"},
		{"a\nb\n", 2, &molfile.FormatError{}, "ends before the comment"},
		{"\n\n\n  1\n", 4, &molfile.FormatError{}, "too short"},
		{"\n\n\n  x  0  0\n", 4, &molfile.FormatError{}, "two counts"},
		{"\n\n\n  1  0  0  0  0  0  0  0  0  0999 V4000\n", 4, &molfile.FormatError{}, `no version "V4000"`},
		{"\n\n\n  1  0  0\n", 4, &molfile.FormatError{}, "before the last atom"},
		{block("N", "  1", ""), 5, &molfile.FormatError{}, "too short"},
		{block("Xx  0  0", "  1", ""), 5, &molfile.FormatError{}, "no element"},
		{block("cl  0  0", "  1", ""), 5, &molfile.FormatError{}, "no element"},
		{block("N   0  x", "  1", ""), 5, &molfile.FormatError{}, "column 37"},
		{block("A   0  0", "  1", ""), 5, &molfile.QueryError{}, "atom A belongs to a query"},
		{block("Q   0  0", "  1", ""), 5, &molfile.QueryError{}, "atom Q"},
		{block("L   0  0", "  1", ""), 5, &molfile.QueryError{}, "atom L"},
		{block("N   0  0  0  2", "  1", ""), 5, &molfile.QueryError{}, "hydrogen count 2"},
		{strings.Replace(block(plainN, "  1", ""), "1.5000", "1.5e00", 1), 6, &molfile.FormatError{}, "no coordinate"},
		{strings.Replace(block(plainN, "  1", ""), "1.5000", "   nan", 1), 6, &molfile.FormatError{}, "no coordinate"},
		{strings.Replace(block(plainN, "  1", ""), "  1  2  1", "  1  3  1", 1), 7, &molfile.FormatError{}, "does not have"},
		{strings.Replace(block(plainN, "  1", ""), "  1  2  1", "  1  1  1", 1), 7, &molfile.FormatError{}, "to itself"},
		{strings.Replace(block(plainN, "  1", "  2  1  1\n"), "  2  1  0", "  2  2  0", 1), 8, &molfile.FormatError{}, "second bond"},
		{block(plainN, " x1", ""), 7, &molfile.FormatError{}, "column 7"},
		{block(plainN, "", ""), 7, &molfile.FormatError{}, "too short"},
		{block(plainN, "  5  0", ""), 7, &molfile.QueryError{}, "bond type 5"},
		{block(plainN, " 77  0", ""), 7, &molfile.FormatError{}, "no bond type 77"},
		{block(plainN, "  1  0  0  1", ""), 7, &molfile.QueryError{}, "bond topology 1"},
		{block(plainN, "  1  0", "\n"), 8, &molfile.FormatError{}, "where a property should"},
		{block(plainN, "  1  0", "  1 F    2   6   7\n"), 8, &molfile.QueryError{}, "atom list"},
		{block(plainN, "  1  0", "M  ALS   1  2 F N   O   \n"), 8, &molfile.QueryError{}, "atom list"},
		{block(plainN, "  1  0", "M  ISO  1   2  13\nM  SUB  1   1   2\n"), 9, &molfile.QueryError{}, "substitution count 2"},
		{block(plainN, "  1  0", "M  UNS  1   1   1\n"), 8, &molfile.QueryError{}, "unsaturation"},
		{block(plainN, "  1  0", "M  RBC  1   1   2\n"), 8, &molfile.QueryError{}, "ring bond count"},
		{block(plainN, "  1  0", "M  LIN  1   1   2   2   0\n"), 8, &molfile.QueryError{}, "link node"},
		{block(plainN, "  1  0", "M  CHG  2   1   1\n"), 8, &molfile.FormatError{}, "fewer entries"},
		{block(plainN, "  1  0", "M  CHG  1   3   1\n"), 8, &molfile.FormatError{}, "no entry"},
		{block(plainN, "  1  0", "M  RAD  1   1   4\n"), 8, &molfile.FormatError{}, "radical of kind 4"},
		{strings.TrimSuffix(block(plainN, "  1  0", ""), "M  END\n"), 7, &molfile.FormatError{}, "before M  END"},
		{block(plainN, "  1  0", "$$$$\n"), 8, &molfile.FormatError{}, ""},
		{block(plainN, "  3  0", "M  CHG  1   1   0\nM  RAD  1   1   2\n"), 5, &chem.ValenceError{}, ""},
		{block("F   0  0", "  2  0", ""), 5, &chem.ValenceError{}, "too high for atom 0 (F)"},
		{block(plainN, "  1  0", "") + "> <a>\n1\n\njunk\n", 12, &molfile.FormatError{}, "where a data field should"},
		{v3000("M  V30 BEGIN\n"), 5, &molfile.FormatError{}, "BEGIN CTAB"},
		{v3000("M  V30 BEGIN CTAB\nM  V30 COUNTS 1\n"), 6, &molfile.FormatError{}, "too short"},
		{v3000(ethane + "M  V30 END ATOM\nM  V30 BEGIN BOND\nM  V30 1 6 1 2\n"), 12, &molfile.QueryError{}, "bond type 6"},
		{v3000(ethane + "M  V30 END ATOM\nM  V30 BEGIN BOND\nM  V30 1 1 1 -\nM  V30 3\n"), 12, &molfile.FormatError{}, "does not have"},
		{v3000(ethane + "M  V30 END ATOM\nM  V30 BEGIN BOND\nM  V30 1 1 1 2 TOPO=1\n"), 12, &molfile.QueryError{}, "topology"},
		{v3000(ethane + "M  V30 END ATOM\nM  V30 BEGIN BOND\nM  V30 1 1 1 2\nM  V30 END BOND\nM  V30 junk\n"), 14, &molfile.FormatError{}, "END CTAB"},
		{v3000(strings.Replace(ethane, "2 C 1 0 0 0", "2 C 1 0 0 0 HCOUNT=2", 1)), 9, &molfile.QueryError{}, "HCOUNT=2"},
		{v3000(strings.Replace(ethane, "2 C 1 0 0 0", "2 [N,O] 1 0 0 0", 1)), 9, &molfile.QueryError{}, "[N,O]"},
		{v3000(strings.Replace(ethane, "2 C 1 0 0 0", "2 NOT [N,O] 1 0 0 0", 1)), 9, &molfile.QueryError{}, "list"},
		{v3000(strings.Replace(ethane, "2 C 1 0 0 0", "1 C 1 0 0 0", 1)), 9, &molfile.FormatError{}, "already"},
		{v3000(strings.Replace(ethane, "M  V30 2 C", "M  V31 2 C", 1)), 9, &molfile.FormatError{}, "M  V30"},
		{v3000(strings.Replace(ethane, "COUNTS 2", "COUNTS 999999999", 1)), 9, &molfile.FormatError{}, "END CTAB"},
	} {
		rec, err := molfile.Parse([]byte(test.text))
		var place *molfile.Error
		if !errors.As(err, &place) {
			t.Errorf("%q: got %v, %v", test.text, rec, err)
			continue
		}
		if place.Line != test.line || fmt.Sprintf("%T", place.Err) != fmt.Sprintf("%T", test.kind) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q:\ngot line %d, %T, %v\nwant line %d, %T, %s", test.text, place.Line, place.Err, err, test.line, test.kind, test.want)
		}
	}
}

func TestReadGoesOnBehindBadRecords(t *testing.T) {
	t.Parallel()
	good := block(plainN, "  1  0", "") + "> <n>\n%d\n\n$$$$\n"
	text := fmt.Sprintf(good, 1) + // lines 1 to 12
		strings.Replace(fmt.Sprintf(good, 2), " N ", " Xx", 1) + // bad atom in line 17
		"$$$$\n" + // an empty record in line 25
		fmt.Sprintf(good, 4) + // lines 26 to 37
		strings.Replace(fmt.Sprintf(good, 5), "M  END", "junk", 1) + // no M  END: line 49 at last
		strings.Replace(strings.Replace(fmt.Sprintf(good, 6), plainN, "F   0  0", 1), "  1  0\nM", "  2  0\nM", 1) + // valence in line 54
		strings.TrimSuffix(fmt.Sprintf(good, 7), "\n$$$$\n") // the end of the stream ends it
	recs, errs := all(text)
	if len(recs) != 7 {
		t.Fatalf("%d records: %v", len(recs), errs)
	}
	lines := map[int]int{2: 17, 3: 24, 5: 45, 6: 54}
	for i, rec := range recs {
		number := i + 1
		want, bad := lines[number]
		if !bad {
			n, _ := rec.Field("n")
			if errs[i] != nil || n != fmt.Sprint(number) || rec.Number != number {
				t.Errorf("record %d: %v, %+v", number, errs[i], rec)
			}
			continue
		}
		var place *molfile.Error
		if !errors.As(errs[i], &place) || place.Record != number || place.Line != want {
			t.Errorf("record %d: got %v, want line %d", number, errs[i], want)
		}
	}
	if recs[3].Line != 26 {
		t.Errorf("record 4 begins on line %d", recs[3].Line)
	}
	for _, empty := range []string{"", "\n\n", " \n"} {
		if recs, _ := all(empty); len(recs) != 0 {
			t.Errorf("%q: %d records", empty, len(recs))
		}
	}
}

// endless yields one line again and again, n bytes in all, then a record.
type endless struct {
	n    int
	then io.Reader
}

func (e *endless) Read(p []byte) (int, error) {
	if e.n <= 0 {
		return e.then.Read(p)
	}
	line := []byte("a line that is no $$$$ at all\n")
	n := 0
	for len(p)-n >= len(line) {
		n += copy(p[n:], line)
	}
	e.n -= n
	return n, nil
}

func TestATooLongRecordIsAnErrorLikeOthers(t *testing.T) {
	t.Parallel()
	in := &endless{n: molfile.MaxRecord + 1<<20, then: strings.NewReader("$$$$\n" + block(plainN, "  1  0", ""))}
	var got []string
	for rec, err := range molfile.Read(in) {
		if err != nil {
			got = append(got, err.Error())
		} else {
			got = append(got, smiles.Canonical(rec.Mol))
		}
	}
	if len(got) != 2 || !strings.Contains(got[0], "longer than") || got[1] != "C[NH3+]" {
		t.Errorf("%q", got)
	}
}

func TestReadHandsOnErrorsOfTheStream(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	in := io.MultiReader(strings.NewReader(block(plainN, "  1  0", "")+"$$$$\nhalf"), errorReader{broken})
	var last error
	n := 0
	for _, err := range molfile.Read(in) {
		last = err
		n++
	}
	if n != 2 || !errors.Is(last, broken) {
		t.Errorf("%d, %v", n, last)
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

func TestDataFields(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1000)
	text := block(plainN, "  1  0", "") + "\n" +
		"> 25 <MELTING.POINT> (1)\n179.0 - 183.0\n\n" +
		">  <lines>\none\n two \n\t\nfour\n\n" +
		">  <empty>\n\n" +
		">  <latin>\nna\xefve\n\n" +
		"> DT12\nno name\n\n" +
		">  <long>\n" + long + "\n\n" +
		">  <lines>\nagain > <no> $$$$\n"
	rec, err := molfile.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []molfile.Field{
		{Name: "MELTING.POINT", Value: "179.0 - 183.0"},
		{Name: "lines", Value: "one\n two \n\t\nfour"},
		{Name: "empty", Value: ""},
		{Name: "latin", Value: "na\xefve"},
		{Name: "long", Value: long},
		{Name: "lines", Value: "again > <no> $$$$"},
	}
	if fmt.Sprintf("%q", rec.Fields) != fmt.Sprintf("%q", want) {
		t.Errorf("got %q\nwant %q", rec.Fields, want)
	}
	if v, ok := rec.Field("lines"); !ok || v != want[1].Value {
		t.Errorf("%q %v", v, ok)
	}
	if _, ok := rec.Field("x"); ok {
		t.Error("a field x")
	}
	// What was read is written, and read again.
	var b bytes.Buffer
	w := molfile.NewWriter(&b, molfile.Options{})
	if err := w.Write(rec); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	recs, errs := all(b.String())
	if len(recs) != 1 || errs[0] != nil || fmt.Sprintf("%q", recs[0].Fields) != fmt.Sprintf("%q", want) {
		t.Errorf("%q", recs[0].Fields)
	}
	for _, f := range []molfile.Field{
		{Name: "", Value: "x"},
		{Name: "a>b", Value: "x"},
		{Name: "a\nb", Value: "x"},
		{Name: "a", Value: "x\n\ny"},
		{Name: "a", Value: "\n"},
		{Name: "a", Value: "$$$$"},
		{Name: "a", Value: "x\r\ny"},
	} {
		if err := w.Write(&molfile.Record{Mol: rec.Mol, Fields: []molfile.Field{f}}); err == nil {
			t.Errorf("%q was written", f)
		}
	}
}
