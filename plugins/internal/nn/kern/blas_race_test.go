//go:build race

package kern

const raceDetector = true // which makes pools forget at random
