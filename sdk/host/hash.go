package host

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
)

// HashFile is the sha256 of a file in hexadecimal, by which a program that may
// run as a plugin is known again.
func HashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
