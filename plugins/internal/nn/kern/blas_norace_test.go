//go:build !race

package kern

const raceDetector = false
