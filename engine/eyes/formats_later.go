package eyes

var vhdxDeviations, vmdkDeviations []Deviation

func (o *opening) vhdx() (virtual, int64, error) { return nil, 0, unknown("not modelled yet") }
func (o *opening) vmdk() (virtual, int64, error) { return nil, 0, unknown("not modelled yet") }
