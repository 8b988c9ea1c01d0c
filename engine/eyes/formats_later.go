package eyes

var vmdkDeviations []Deviation

func (o *opening) vmdk() (virtual, int64, error) {
	return nil, 0, unknown("what the program does with this format is not modelled")
}
