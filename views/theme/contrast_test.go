package theme_test

import "math"

type color [3]float64 // linear red, green, blue

// rgb is the usual colour of one of the 256, linear.
func rgb(n int) color {
	level := func(i int) float64 {
		v := 0.0
		if i > 0 {
			v = float64(55+40*i) / 255
		}
		return linear(v)
	}
	if n >= 232 {
		v := linear(float64(8+10*(n-232)) / 255)
		return color{v, v, v}
	}
	n -= 16
	return color{level(n / 36), level(n / 6 % 6), level(n % 6)}
}

func linear(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// sight simulates how a colour is seen (Machado, Oliveira and Fernandes, 2009, severity 1).
var sight = map[string]func(color) color{
	"full sight": func(c color) color { return c },
	"deuteranopia": matrix([9]float64{
		0.367322, 0.860646, -0.227968,
		0.280085, 0.672501, 0.047413,
		-0.011820, 0.042940, 0.968881,
	}),
	"tritanopia": matrix([9]float64{
		1.255528, -0.076749, -0.178779,
		-0.078411, 0.930809, 0.147602,
		0.004733, 0.691367, 0.303900,
	}),
}

func matrix(m [9]float64) func(color) color {
	return func(c color) (out color) {
		for i := range out {
			out[i] = min(1, max(0, m[3*i]*c[0]+m[3*i+1]*c[1]+m[3*i+2]*c[2]))
		}
		return out
	}
}

func contrast(a, b color) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(c color) float64 { return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2] }
